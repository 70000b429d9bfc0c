"""Several runs of a library in one process: folds, a sweep. The first one's names stay as they are; those of each later one
begin with its name, so that two curves are not mixed into one."""

from __future__ import annotations

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


def is_first(prefix: str) -> bool:
    """Whether it is the process's first run, after which the experiment may be called."""
    return prefix == ""


def nested(prefix: str, values: dict) -> dict:
    """A run's parameters: below its name, but for the first run's."""
    return values if is_first(prefix) else {prefix[:-1].replace(".", "_"): values}
