"""csv: a file of the working directory whose first row names a step (or an epoch) and other columns is a log."""

from __future__ import annotations

import os
import sys
from typing import Any, Iterable, Iterator

from ...metric_names import STEP_NAMES
from .. import sink
from .several import Folders

SOURCE = "csv"
_PHASES = ("phase", "split", "mode", "stage", "set", "subset")
_MAX_COLUMNS = 1000
_folders = Folders()
_last: dict = {}
"""Of each path the last step: a file that is written anew, with its whole history, tells nothing twice."""


def wrap_csv(module: Any) -> None:
    """DictWriter asks csv.writer too."""
    module.writer = _Writer(module, module.writer)


class _Writer:
    """csv.writer. Not a function: one that is kept in a class becomes its method, which csv's own does not."""

    def __init__(self, module: Any, own: Any) -> None:
        self._module = module
        self._own = own
        self.__doc__ = own.__doc__
        self.__name__ = "writer"

    def __call__(self, csvfile: Any, *args: Any, **kwargs: Any) -> Any:
        made = self._own(csvfile, *args, **kwargs)
        try:
            path = None if sink.is_inside() else _path(csvfile)
            return made if path is None else Watched(made, path, _header(self._module, csvfile, path, args, kwargs))
        except Exception as error:
            sink.trouble(SOURCE, error)
            return made


def _path(file: Any) -> str | None:
    """The path of a file that a script (not pandas, which writes whole tables) writes below the working directory."""
    if str(sys._getframe(2).f_globals.get("__name__")).startswith("pandas."):
        return None
    name = getattr(file, "name", None)
    work = os.environ.get("TRAINYARD_RUN_DIR")
    if type(name) is not str or not work:
        return None
    path = os.path.realpath(name)
    return path if path.startswith(os.path.realpath(os.path.join(work, "work")) + os.sep) else None


def _header(module: Any, file: Any, path: str, args: tuple, kwargs: dict) -> Any:
    """The first row of a file that is continued."""
    if "a" not in str(getattr(file, "mode", "")) or not os.path.getsize(path):
        return None
    with open(path, encoding="utf-8", errors="replace", newline="") as before:
        return next(module.reader([before.readline(65536)], *args, **kwargs), None)


class Watched:
    """A writer of csv; once it is clear that its file is no log, its methods are those of csv's own."""

    def __init__(self, own: Any, path: str, header: Any) -> None:
        self._own = own
        self._path = path
        self._columns: Any = None
        self._prefix = ""
        self._known = None if header is not None else _last.get(path)
        if header is not None:
            self._first(header)

    @property
    def dialect(self) -> Any:
        return self._own.dialect

    def writerow(self, row: Any) -> Any:
        row = list(row) if hasattr(row, "__next__") else row
        result = self._own.writerow(row)
        self._saw(row)
        return result

    def writerows(self, rows: Iterable) -> Any:
        return self._own.writerows(self._watching(rows))

    def _watching(self, rows: Iterable) -> Iterator:
        for row in rows:
            row = list(row) if hasattr(row, "__next__") else row
            yield row
            self._saw(row)

    def _saw(self, row: Any) -> None:
        if sink.is_inside():
            return
        try:
            if self._columns is None:
                self._first(row)
            else:
                self._row(row)
        except Exception as error:
            sink.trouble(SOURCE, error)

    def _first(self, row: Any) -> None:
        names = [cell.strip() for cell in row if type(cell) is str] if isinstance(row, (list, tuple)) else []
        steps = [names.index(name) for name in STEP_NAMES if name in names]
        if not steps or len(names) < 2 or len(names) != len(row) or len(names) > _MAX_COLUMNS:
            self.writerow = self._own.writerow  # type: ignore[method-assign]
            self.writerows = self._own.writerows  # type: ignore[method-assign]
            return
        self._columns = (names, steps[0], [i for i, name in enumerate(names) if name.lower() in _PHASES])
        self._prefix = _folders.prefix(os.path.splitext(self._path)[0])
        sink.library(SOURCE, "%d.%d.%d" % sys.version_info[:3])

    def _row(self, row: Any) -> None:
        names, at, phases = self._columns
        step = _number(row[at]) if len(row) > at else None
        if step is None or (self._known is not None and step <= self._known):
            return
        if self._path in _last or len(_last) < 1000:
            _last[self._path] = step
        where = self._prefix + "".join("%s/" % row[i] for i in phases if i < len(row) and type(row[i]) is str and row[i])
        values = {}
        for i, cell in enumerate(row[: len(names)]):
            value = None if i == at or not names[i] else _number(cell)
            if value is not None:
                values[where + names[i]] = value
        sink.scalars(SOURCE, values, step)


def _number(cell: Any) -> Any:
    """What is written as one number."""
    if type(cell) in (int, float):
        return cell
    if cell is None or isinstance(cell, bool) or (isinstance(cell, str) and len(cell) > 100):
        return None
    try:
        number = float(str(cell) if isinstance(cell, str) else cell)
    except Exception:
        return None
    return int(number) if isinstance(cell, str) and cell.strip().lstrip("+-").isdigit() else number
