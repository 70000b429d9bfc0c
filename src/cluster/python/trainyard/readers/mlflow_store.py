"""MLflow's stores: the SQLite database, opened read-only, and the folders of its file store."""

from __future__ import annotations

import os
import sqlite3
from urllib.parse import quote

from .records import About, Hyperparameters, Problem, Scalars

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterator

SQLITE_START = b"SQLite format 3\0"
_TABLES = {"experiments", "runs", "metrics", "params", "tags"}
_MAX_TEXT = 64 * 1024
_MAX_FILES = 10_000
_MAX_LINE = 4096
_INFINITY = 1.7976931348623157e308
"""As MLflow stores infinities in a database."""


class NoStore(ValueError):
    """It is no database of MLflow's."""


class MlflowRun:
    """One run of a store: `key` names it there."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.problems: list = []

    def read(self) -> Iterator[Any]:
        """About, Hyperparameters and Scalars. Raises OSError."""
        raise NotImplementedError

    def problem(self) -> Problem | None:
        return Problem("; ".join(self.problems[:3])) if self.problems else None


def database_runs(path: str) -> list:
    """The runs of a database, but deleted ones. Raises NoStore."""
    try:
        connection = _open(path)
    except sqlite3.Error as error:
        raise NoStore(str(error)) from None
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables.issuperset(_TABLES):
            raise NoStore("it has no tables of MLflow's")
        rows = connection.execute(
            "SELECT run_uuid FROM runs WHERE lifecycle_stage IS NOT 'deleted' ORDER BY start_time, run_uuid"
        )
        return [DatabaseRun(path, key) for (key,) in rows if isinstance(key, str)]
    except sqlite3.Error as error:
        raise NoStore(str(error)) from None
    finally:
        connection.close()


class DatabaseRun(MlflowRun):
    def __init__(self, path: str, key: str) -> None:
        super().__init__(key)
        self._path = path

    def read(self) -> Iterator[Any]:
        try:
            connection = _open(self._path)
            try:
                yield from self._read(connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            self.problems.append("the database cannot be read further: %s" % error)

    def _read(self, connection: sqlite3.Connection) -> Iterator[Any]:
        key = (self.key,)
        row = connection.execute(
            "SELECT r.name, r.start_time, r.end_time, e.name FROM runs r LEFT JOIN experiments e"
            " ON e.experiment_id = r.experiment_id WHERE r.run_uuid = ?",
            key,
        ).fetchone()
        if row is None:
            return
        tags = _texts(connection.execute("SELECT key, value FROM tags WHERE run_uuid = ? LIMIT ?", (self.key, _MAX_FILES)))
        yield _about(_text(row[0]), _text(row[3]), _seconds(row[1]), _seconds(row[2]), tags)
        parameters = _texts(connection.execute("SELECT key, value FROM params WHERE run_uuid = ? LIMIT ?", (self.key, _MAX_FILES)))
        if parameters:
            yield Hyperparameters({name: _plain(value) for name, value in parameters.items()})
        metrics = connection.execute(
            "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ? ORDER BY key, timestamp, step", key
        )
        for name, value, time, step, is_nan in metrics:
            if isinstance(name, str) and isinstance(value, (int, float)) and isinstance(step, (int, float)):
                yield Scalars(_seconds(time), step, {name: _value(value, is_nan)})


def _open(path: str) -> sqlite3.Connection:
    # Not `immutable`: MLflow may be writing it.
    return sqlite3.connect("file:%s?mode=ro" % quote(os.path.abspath(path)), uri=True, timeout=10)


def _value(value: Any, is_nan: Any) -> float:
    if is_nan:
        return float("nan")
    if abs(value) >= _INFINITY:
        return float("inf") if value > 0 else float("-inf")
    return value


def _text(value: Any) -> str | None:
    return value[:_MAX_TEXT] if isinstance(value, str) else None


def _texts(rows: Any) -> dict:
    return {key: value[:_MAX_TEXT] for key, value in rows if isinstance(key, str) and isinstance(value, str)}


def _seconds(milliseconds: Any) -> float | None:
    return milliseconds / 1000 if isinstance(milliseconds, (int, float)) and 0 < milliseconds < 1e14 else None


def _plain(value: str) -> Any:
    """A parameter, which MLflow has as text alone."""
    for kind in (int, float):
        try:
            number = kind(value) if len(value) <= 40 and value.isascii() and "_" not in value else None
        except ValueError:
            continue
        if number is not None and number - number == 0:
            return number
    return {"True": True, "False": False, "None": None}.get(value, value)


def _about(name: str | None, experiment: str | None, started: float | None, ended: float | None, tags: dict) -> About:
    labels = [experiment] if experiment and experiment != "Default" else []
    labels += ["%s: %s" % (key, value) for key, value in sorted(tags.items()) if not key.startswith("mlflow.")]
    return About(name or tags.get("mlflow.runName"), labels, tags.get("mlflow.note.content"), started, ended)


# ---- the file store


def is_run_folder(path: str) -> bool:
    """A folder with a run's meta.yaml."""
    meta = _meta(os.path.join(path, "meta.yaml"))
    return "run_id" in meta or "run_uuid" in meta


class FolderRun(MlflowRun):
    def __init__(self, path: str) -> None:
        super().__init__(os.path.basename(path))
        self._path = path

    @property
    def is_deleted(self) -> bool:
        return _meta(os.path.join(self._path, "meta.yaml")).get("lifecycle_stage") == "deleted"

    def read(self) -> Iterator[Any]:
        meta = _meta(os.path.join(self._path, "meta.yaml"))
        experiment = _meta(os.path.join(os.path.dirname(self._path), "meta.yaml")).get("name")
        tags = dict(self._texts("tags"))
        times = [_seconds(_plain(meta.get(key, ""))) for key in ("start_time", "end_time")]
        yield _about(meta.get("run_name"), experiment, times[0], times[1], tags)
        parameters = {name: _plain(value) for name, value in self._texts("params")}
        if parameters:
            yield Hyperparameters(parameters)
        for name, path in self._files("metrics"):
            yield from self._metric(name, path)

    def _metric(self, name: str, path: str) -> Iterator[Scalars]:
        with open(path, encoding="utf-8", errors="replace") as file:
            bad = count = 0
            while True:
                line = file.readline(_MAX_LINE)
                if not line:
                    break
                try:
                    time, value, *step = line.split()
                    yield Scalars(_seconds(int(time)), int(step[0]) if step else count, {name: float(value)})
                    count += 1
                except (ValueError, OverflowError):
                    bad += 1
            if bad:
                self.problems.append("%d lines of metric %s are none" % (bad, name))

    def _texts(self, kind: str) -> Iterator[tuple]:
        for name, path in self._files(kind):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    yield name, file.read(_MAX_TEXT)
            except OSError as error:
                self.problems.append("%s: %s" % (name, error.strerror))

    def _files(self, kind: str) -> Iterator[tuple]:
        """(name, path); a name with a slash is in a folder. Links are not followed."""
        top = os.path.join(self._path, kind)
        count = 0
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                count += 1
                if count > _MAX_FILES:
                    self.problems.append("more than %d %s" % (_MAX_FILES, kind))
                    return
                if os.path.isfile(path) and not os.path.islink(path):
                    yield os.path.relpath(path, top).replace(os.sep, "/"), path


def _meta(path: str) -> dict:
    """The plain `key: value` lines of a meta.yaml; empty where there is none."""
    found = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(_MAX_TEXT).split("\n")
    except OSError:
        return {}
    for line in lines:
        key, colon, value = line.partition(":")
        value = value.strip()
        if not colon or not key or key[0] in " #-":
            continue
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1].replace("''", "'") if value[0] == "'" else value[1:-1]
        found[key.strip()] = value
    return found
