"""Which runs lie at a path: what is a run to TensorBoard (a folder), W&B (a file), MLflow (a row, a folder), a CSV log."""

from __future__ import annotations

import os
import re

from .csv_log import USUAL_NAMES, CsvLog, NoLog
from .mlflow_store import SQLITE_START, FolderRun, NoStore, database_runs, is_run_folder
from .records import Problem
from .tfevents import PREFIX, read_tfevents
from .tfrecords import RecordFile
from .wandb_file import SUFFIX, WandbFile, WandbRun

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterator

MAX_FOLDERS = 200_000
MAX_RUNS = 10_000
_LEFT_OUT = {"node_modules", "__pycache__", "site-packages", "artifacts", "checkpoints"}
_GROUPS = {"train": "training", "training": "training", "val": "validation", "valid": "validation"}
_GROUPS.update({"validation": "validation", "eval": "validation", "test": "validation"})
_HPARAMS_FOLDER = re.compile(r"\d{9,}(?:\.\d+)?$")
"""torch's add_hparams makes one, of the time."""


class Found:
    """A run: `name` by its place, until its own content says another; `source` is the path, for a person."""

    kind = ""
    library = ""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source

    def read(self) -> Iterator[tuple]:
        """(group or None, what was found) or (None, Problem). Raises OSError."""
        raise NotImplementedError


class TensorBoardRun(Found):
    kind, library = "TensorBoard", "tensorboard"

    def __init__(self, name: str, source: str) -> None:
        super().__init__(name, source)
        self.files: list = []
        """(path, group or None)"""

    def read(self) -> Iterator[tuple]:
        # They are named by when they were begun.
        for path, group in sorted(self.files, key=lambda file: (os.path.basename(file[0]), file[0])):
            file = RecordFile(path)
            for found in read_tfevents(file):
                yield group, found
            if file.problem is not None:
                yield None, Problem("%s is %s" % (os.path.basename(path), file.problem))


class OneReader(Found):
    """A run with one reader: an object with read() and problem()."""

    def __init__(self, kind: str, library: str, name: str, source: str, reader: Any) -> None:
        super().__init__(name, source)
        self.kind, self.library, self._reader = kind, library, reader

    def read(self) -> Iterator[tuple]:
        for found in self._reader.read():
            yield None, found
        problem = self._reader.problem()
        if problem is not None:
            yield None, Problem("%s: %s" % (os.path.basename(self.source), problem.message))


class Search:
    """All runs at some paths. What is named and cannot be used is said in `problems`."""

    def __init__(self) -> None:
        self.problems: list = []

    def runs(self, paths: list) -> list:
        found: list = []
        for path in paths:
            absolute = os.path.abspath(path)
            if os.path.isdir(absolute):
                here = self._folder(absolute)
            elif os.path.exists(absolute):
                here = self._file(absolute, True)
            else:
                self.problems.append("There is nothing at %s." % path)
                continue
            if not here:
                self.problems.append("Nothing of TensorBoard, W&B, MLflow or a CSV log is at %s." % path)
            found += here
        if len(found) > MAX_RUNS:
            self.problems.append("There are %d runs: only the first %d were taken." % (len(found), MAX_RUNS))
        return found[:MAX_RUNS]

    def _folder(self, top: str) -> list:
        found: list = []
        events: dict = {}
        count = 0
        for folder, folders, names in os.walk(top):
            count += 1
            if count > MAX_FOLDERS:
                self.problems.append("%s has more than %d folders: the rest was not looked at." % (top, MAX_FOLDERS))
                break
            if is_run_folder(folder):
                folders[:] = []
                run = FolderRun(folder)
                if not run.is_deleted:
                    found.append(OneReader("MLflow", "mlflow", run.key, _source(folder, top), run))
                continue
            folders[:] = sorted(name for name in folders if name not in _LEFT_OUT and not _is_hidden(name))
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                if PREFIX in name:
                    events.setdefault(folder, []).append(path)
                elif name.endswith(SUFFIX) or name.endswith((".db", ".sqlite")) or USUAL_NAMES.search(name):
                    found += self._file(path, False, top)
        return _tensorboard_runs(events, top) + found

    def _file(self, path: str, is_named: bool, top: str | None = None) -> list:
        """The runs in one file. One that was not named and is nothing of ours is none."""
        name = os.path.basename(path)
        source = _source(path, top or os.path.dirname(path))
        try:
            if not os.path.isfile(path):
                raise NoLog("it is not a file")
            if PREFIX in name:
                return _tensorboard_runs({os.path.dirname(path): [path]}, os.path.dirname(path))
            if name.endswith(SUFFIX):
                reader = WandbRun(WandbFile(path))
                return [OneReader("W&B", "wandb", name[: -len(SUFFIX)], source, reader)]
            with open(path, "rb") as file:
                is_database = file.read(len(SQLITE_START)) == SQLITE_START
            if is_database:
                runs = database_runs(path)
                return [OneReader("MLflow", "mlflow", run.key, source, run) for run in runs]
            log = CsvLog(path)
            if not is_named and not log.has_step:
                return []
            folder = os.path.basename(os.path.dirname(path))
            return [OneReader("CSV", "csv", "%s/%s" % (folder, name), source, log)]
        except (NoLog, NoStore) as error:
            if is_named:
                self.problems.append("%s is no log that can be read: %s." % (source, error))
        except OSError as error:
            self.problems.append("%s cannot be read: %s." % (source, error.strerror))
        return []


def _tensorboard_runs(events: dict, top: str) -> list:
    """A folder is a run; those that hold a part of one (train and validation, torch's hyperparameters) belong to it."""
    runs: dict = {}
    for folder in sorted(events):
        home, group = folder, None
        parent, name = os.path.split(folder)
        if folder != top:
            siblings = {os.path.basename(other) for other in events if os.path.dirname(other) == parent}
            is_part = parent in events or len(siblings & set(_GROUPS)) > 1
            if name.lower() in _GROUPS and is_part:
                home, group = parent, _GROUPS[name.lower()]
            elif _HPARAMS_FOLDER.match(name) and parent in events:
                home = parent
        run = runs.get(home)
        if run is None:
            run = runs[home] = TensorBoardRun(_source(home, top), _source(home, top))
        run.files += [(path, group) for path in events[folder]]
    return list(runs.values())


def _source(path: str, top: str) -> str:
    """For a person: from the folder that was named on."""
    relative = os.path.relpath(path, top)
    name = os.path.basename(top) or top
    return name if relative == "." else os.path.join(name, relative)


def _is_hidden(name: str) -> bool:
    return name.startswith(".")
