"""The run's working directory: which saved files are in it, under which name, and where they went when they were renamed."""

from __future__ import annotations

import os
import stat

from ..files import read_json

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any

MAX_ENTRIES = 2000
"""How many names are looked through for a file that was renamed."""

_directory: Any = None


def working_directory() -> WorkingDirectory:
    """Of this run."""
    global _directory
    if _directory is None:
        run_dir = os.environ["TRAINYARD_RUN_DIR"]
        below = read_json(os.path.join(run_dir, "spec.json"))["directory"]
        _directory = WorkingDirectory(os.path.normpath(os.path.join(run_dir, "work", below)))
    return _directory


class WorkingDirectory:
    """`path` is absolute."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._real = os.path.realpath(path)

    def files(self, path: str, since: float | None = None) -> list:
        """(name, path to read) of a regular file, or of all in a folder (that were written since then); names are relative to the
        working directory. Empty for what is not in it."""
        absolute = os.path.abspath(path)
        name = self._name(absolute)
        if name is None:
            return []
        if not os.path.isdir(absolute):
            return [(name, os.path.realpath(absolute))] if os.path.isfile(absolute) else []
        found = []
        for folder, _, names in os.walk(absolute):
            for each in sorted(names):
                inner = os.path.join(folder, each)
                if not os.path.isfile(inner) or not self._is_inside(os.path.realpath(inner)):
                    continue
                if since is None or os.stat(inner).st_mtime >= since:
                    found.append((os.path.join(name, os.path.relpath(inner, absolute)), os.path.realpath(inner)))
        return [(os.path.normpath(each), real) for each, real in found]

    def has_inside(self, path: str) -> bool:
        """Whether what is saved at `path` would be in it."""
        return self._is_inside(os.path.realpath(path))

    def has(self, name: str) -> bool:
        return os.path.lexists(os.path.join(self.path, name))

    def name_now(self, name: str, identity: list) -> str | None:
        """What a file that was saved as `name` is called now: it may have been renamed (a temporary name that becomes the
        real one), or replaced (then its name still counts). None: it is gone."""
        path = os.path.join(self.path, name)
        if _identity_of(path) == identity:
            return name
        folder, base = os.path.split(path)
        moved = _look_for(folder, identity) or _look_for_in_folders(os.path.dirname(folder), base, identity)
        if moved is not None:
            return self._name(moved)
        return name if os.path.lexists(path) else None

    def _name(self, absolute: str) -> str | None:
        real = os.path.realpath(absolute)
        if not self._is_inside(real):
            return None
        # As it was named, where that is inside too: a link that the script makes to its newest file is put back as a file.
        for root, path in ((self.path, absolute), (self._real, absolute), (self._real, real)):
            if path.startswith(root + os.sep):
                return path[len(root) + 1 :]
        return "."

    def _is_inside(self, real: str) -> bool:
        return real == self._real or real.startswith(self._real + os.sep)


def identity(info: os.stat_result) -> list:
    """By which a file is known again after a rename."""
    return [info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size]


def _identity_of(path: str) -> list | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return identity(info) if stat.S_ISREG(info.st_mode) else None


def _look_for(folder: str, wanted: list) -> str | None:
    for entry in _entries(folder):
        if entry.inode() == wanted[1] and _identity_of(entry.path) == wanted:
            return entry.path
    return None


def _look_for_in_folders(parent: str, base: str, wanted: list) -> str | None:
    """The folder itself may have got another name."""
    for entry in _entries(parent):
        if entry.is_dir(follow_symlinks=False):
            path = os.path.join(entry.path, base)
            if _identity_of(path) == wanted:
                return path
    return None


def _entries(folder: str) -> list:
    found: list = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry)
                if len(found) >= MAX_ENTRIES:
                    break
    except OSError:
        pass
    return found
