"""Several runs of a library in one process: folds, a sweep, a writer for training and one for validation. The first one's
names stay as they are; those of each later one begin with its name, so that two curves are not mixed into one."""

from __future__ import annotations

import os

from ...metric_names import group_of
from .. import sink

MAX_RUNS = 1000


class Runs:
    """By the library's own identifier of a run."""

    def __init__(self) -> None:
        self._prefixes: dict = {}
        self._taken: set = set()

    def prefix(self, identity: str, name: str | None = None) -> str:
        """What the names of that run's metrics begin with; `name` is what the script calls it, if anything."""
        known = self._prefixes.get(identity)
        if known is not None:
            return known
        number = len(self._prefixes) + 1
        if number > MAX_RUNS:
            return "later runs/"
        prefix = "" if number == 1 else "%s/" % str(name or "run %d" % number)[:60]
        if prefix in self._taken:
            prefix = "%s %d/" % (prefix[:-1], number)
        self._taken.add(prefix)
        self._prefixes[identity] = prefix
        return prefix


class Folders:
    """Runs that are told apart by the folder that they are written to: logs/train and logs/validation, say. One whose
    folder is of a validation has its name in front of its metrics even when it comes first."""

    def __init__(self) -> None:
        self._runs = Runs()
        self._first: list = []

    def prefix(self, folder: str) -> str:
        """What the names begin with."""
        parts = [part for part in os.path.abspath(folder).split(os.sep) if part]
        self._first = self._first or parts
        common = 0
        while common < min(len(parts), len(self._first)) and parts[common] == self._first[common]:
            common += 1
        name = "/".join(parts[common:][-3:]) or "/".join(parts[-1:])
        prefix = self._runs.prefix(os.sep.join(parts), name)
        last = parts[-1] if parts else ""
        return prefix or (last + "/" if group_of(last) == "validation" else "")


def is_first(prefix: str) -> bool:
    """Whether it is the process's first run, after which the experiment may be called."""
    return prefix == ""


def nested(prefix: str, values: dict) -> dict:
    """A run's parameters: below its name, but for the first run's."""
    return values if is_first(prefix) else {prefix[:-1].replace(".", "_"): values}
