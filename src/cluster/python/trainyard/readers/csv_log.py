"""CSV logs: a header, a column that counts (step, epoch ...), columns of numbers. Lightning's, Keras's and one's own."""

from __future__ import annotations

import csv
import re

from .records import Problem, Scalars

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterator

USUAL_NAMES = re.compile(r"(?:metrics?|history|progress|results?|training|train|.*[_.-]?log)\.(?:csv|tsv)$|training\.log$", re.IGNORECASE)
"""What such logs are called: others are taken only when they are named."""
_STEPS = ("global_step", "step", "steps", "iteration", "iter", "it", "timesteps", "total_timesteps", "epoch", "epochs")
_TIMES = ("timestamp", "time", "wall_time", "datetime", "date")
MAX_COLUMNS = 2000
MAX_LINE = 1024 * 1024
_LOOK_LINES = 50


class NoLog(ValueError):
    """It has no header, or no column of numbers beside the one that counts."""


class CsvLog:
    def __init__(self, path: str) -> None:
        self._path = path
        self._skipped = 0
        with open(path, "rb") as file:
            start = file.read(64 * 1024)
        lines = start.decode("utf-8-sig", "replace").splitlines()[:_LOOK_LINES]
        if not lines or "\0" in lines[0]:
            raise NoLog("it is empty, or no text")
        self._delimiter = max(",;\t", key=lines[0].count)
        rows = list(_rows(lines, self._delimiter))
        names = [name.strip() for name in rows[0]] if rows else []
        if len(names) < 2 or len(names) > MAX_COLUMNS or any(_number(name) is not None for name in names):
            raise NoLog("its first line is no header of 2 to %d columns" % MAX_COLUMNS)
        self._names = names
        lower = [name.lower().rpartition("/")[2] for name in names]
        self._step = next((lower.index(name) for name in _STEPS if name in lower), None)
        self._time = next((lower.index(name) for name in _TIMES if name in lower), None)
        numeric = {
            at for row in rows[1:] for at, cell in enumerate(row[: len(names)]) if _number(cell) is not None
        } - {self._step, self._time}
        if not numeric and len(rows) > 1:
            raise NoLog("no column has numbers")
        if not numeric:
            raise NoLog("it has no line but its header")

    @property
    def has_step(self) -> bool:
        return self._step is not None

    def read(self) -> Iterator[Any]:
        """Each line's numbers; a line without any is counted. Raises OSError."""
        with open(self._path, encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = _rows(_lines(file), self._delimiter)
            next(rows, None)
            for index, row in enumerate(rows):
                values = {}
                for at, cell in enumerate(row[: len(self._names)]):
                    number = _number(cell) if at not in (self._step, self._time) else None
                    if number is not None and self._names[at]:
                        values[self._names[at]] = number
                step = _number(row[self._step]) if self._step is not None and self._step < len(row) else None
                if step is None or step - step != 0:
                    step = index
                if values:
                    yield Scalars(self._time_of(row), step, values)
                else:
                    self._skipped += 1

    def problem(self) -> Problem | None:
        count = self._skipped
        return Problem("%d line%s without numbers" % (count, "" if count == 1 else "s")) if count else None

    def _time_of(self, row: list) -> float | None:
        """Seconds since the epoch, if the column is that; seconds since the start, say, are not."""
        time = _number(row[self._time]) if self._time is not None and self._time < len(row) else None
        if time is None or not 0 < time < 1e14:
            return None
        time = time / 1000 if time > 1e11 else time
        return time if time > 5e8 else None


def _lines(file: Any) -> Iterator[str]:
    while True:
        line = file.readline(MAX_LINE)
        if not line:
            return
        if len(line) < MAX_LINE:
            yield line.replace("\0", "")
        else:
            while line and not line.endswith("\n"):
                line = file.readline(MAX_LINE)


def _rows(lines: Any, delimiter: str) -> Iterator[list]:
    """Rows; one that is no CSV (an endless quote) is left out."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue


def _number(cell: str) -> Any:
    text = cell.strip()
    if not text or len(text) > 64 or text[0] not in "+-.0123456789niNI":
        return None
    try:
        return int(text) if text.lstrip("+-").isdigit() and len(text) < 19 else float(text)
    except ValueError:
        return None
