"""Whether the next checkpoint fits on its disk, and what to say when one did not."""

from __future__ import annotations

import errno
import os
from typing import Any, Callable, Optional

from ..files import read_json
from .checkpoints import CheckpointError

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE)
_NEARLY_NOTHING_BYTES = 1024 * 1024
_REMEDY = "free some space (trainyard checkpoints collect shows what can go)"


class Room:
    """The disk of the checkpoints, and how much one of them needs."""

    def __init__(self, root: str, latest_files: Optional[str], warn: Callable[[str, str], None]) -> None:
        """`root`: the folder of all checkpoints. `latest_files`: of the one that the run goes on from."""
        self._root = root
        self._warn = warn
        self._is_warned = False
        self._expected: Optional[int] = None
        if latest_files is not None:
            self._expected = _bytes_of(latest_files)

    def stored(self, size: int) -> None:
        """The next one will be as large as this one: better known now than then."""
        self._expected = size
        self.look()

    def look(self) -> None:
        """Warns, once until there is room again, when the next checkpoint will probably not fit."""
        free = free_bytes(self._root)
        is_short = self._expected is not None and free is not None and free < self._expected
        if is_short and not self._is_warned:
            self._warn(
                "checkpoint_forecast",
                "the next checkpoint will probably not fit: the last one had %s, %s are free in %s; %s"
                % (bytes_text(self._expected or 0), bytes_text(free or 0), self._root, _REMEDY),
            )
        self._is_warned = is_short

    def explain(self, error: BaseException, step: object, written: int) -> Optional[CheckpointError]:
        """What the script gets instead of `error`, when the disk is why it could not store its checkpoint; else None.
        `written`: bytes that were there when it failed."""
        if not isinstance(error, Exception):
            return None
        number = _disk_error(error)
        free = free_bytes(self._root)
        needed = self._expected if self._expected is not None and self._expected > written else None
        if number is None:
            # Savers have errors of their own for a write that failed.
            missing = _NEARLY_NOTHING_BYTES if needed is None else max(needed - written, _NEARLY_NOTHING_BYTES)
            if isinstance(error, CheckpointError) or free is None or free >= missing:
                return None
        size = "about %s" % bytes_text(needed) if needed is not None else "more than %s" % bytes_text(written)
        there = "unknown" if free is None else bytes_text(free + written)
        problem = CheckpointError(
            "the checkpoint of step %s was not stored (%s): it needs %s, free for it were %s in %s. Nothing of it was kept; "
            "training can go on, and the checkpoints before it are untouched; %s"
            % (step, _reason(error, number), size, there, self._root, _REMEDY)
        )
        problem.needed_bytes = needed
        problem.free_bytes = None if free is None else free + written
        return problem


def free_bytes(folder: str) -> Optional[int]:
    """What this account may still write there; the file system's word, which may not know of quotas."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def folder_bytes(folder: str) -> int:
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(parent, name)).st_size
            except OSError:
                pass
    return size


def bytes_text(size: int) -> str:
    value, unit = float(size), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return "%d %s" % (size, unit) if unit == "B" else "%.1f %s" % (value, unit)


def _bytes_of(files: str) -> Optional[int]:
    try:
        manifest = read_json(os.path.join(os.path.dirname(files), "manifest.json"))
        return sum(file["bytes"] for file in manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _disk_error(error: Optional[BaseException]) -> Optional[int]:
    """The first disk error in the chain that led to this one."""
    seen: Any = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            return error.errno
        error = error.__cause__ or error.__context__
    return None


def _reason(error: BaseException, number: Optional[int]) -> str:
    return os.strerror(number) if number is not None else "%s: %.200s" % (type(error).__name__, error)
