"""Keeps stdout.log and stderr.log below a limit: their heads are punched out, and all that remains keeps its offset.

dropped.json says what is gone, in whole MiB, and how many lines ended in it. It is written before the bytes go, so that
no reader takes a hole for output.
"""

from __future__ import annotations

import os
import stat
import time

from ..files import read_json, write_json

UNIT_BYTES = 1024 * 1024
STEP_UNITS = 16
SLACK_UNITS = 64
"""So much more than needed is dropped, where the limit is large enough: not a step at every look."""
ROUND_S = 0.1
"""For one look: the script's control files are looked at in between."""
FINISH_S = 3.0
FAR_BYTES = 1 << 30
"""Behind the end of a file that grows: nobody writes so much in a moment."""
KEEP_SIZE, PUNCH_HOLE = 1, 2
STREAMS = ("stdout", "stderr")


class OutputLimit:
    def __init__(self, run_dir: str, limit_bytes: int, warn: object) -> None:
        """`warn(code, message)` tells the person."""
        self._run_dir = run_dir
        self._limit = limit_bytes
        self._warn = warn
        self._refused = False
        self._file = os.path.join(run_dir, "dropped.json")
        self.dropped = read_dropped(self._file)

    def poll(self, seconds: float = ROUND_S) -> None:
        """What has passed the limit is dropped, as far as that time goes."""
        until = time.monotonic() + seconds
        for name in STREAMS:
            if self._refused:
                return
            self._shorten(name, until)

    def _shorten(self, name: str, until: float) -> None:
        path = os.path.join(self._run_dir, name + ".log")
        try:
            if os.lstat(path).st_size - self.dropped[name]["bytes"] <= self._limit:
                return
            fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # not there (yet), or not ours any more
        try:
            found = os.fstat(fd)
            if stat.S_ISREG(found.st_mode):
                self._drop(name, fd, self._goal(found.st_size), until)
        except OSError as error:
            self._refused = True
            self._warn("output-not-dropped", _refusal(name, self._limit, error))
        finally:
            os.close(fd)

    def _goal(self, size: int) -> int:
        """Up to where the head goes: a whole number of units."""
        slack = min(SLACK_UNITS * UNIT_BYTES, self._limit // 4)
        return (size - self._limit + slack) // UNIT_BYTES * UNIT_BYTES

    def _drop(self, name: str, fd: int, goal: int, until: float) -> None:
        while self.dropped[name]["bytes"] < goal and time.monotonic() < until:
            start = self.dropped[name]["bytes"]
            length = min(STEP_UNITS * UNIT_BYTES, goal - start)
            if start == 0:
                punch(fd, os.fstat(fd).st_size + FAR_BYTES, UNIT_BYTES)  # nothing is there: only to see whether it can
            lines = sum(os.pread(fd, UNIT_BYTES, at).count(b"\n") for at in range(start, start + length, UNIT_BYTES))
            now = {"bytes": start + length, "lines": self.dropped[name]["lines"] + lines}
            write_json(self._file, {"version": 1, **self.dropped, name: now})
            self.dropped[name] = now
            punch(fd, start, length)
            if start == 0:
                self._warn("output-dropped", _notice(name, self._limit))


def read_dropped(path: str) -> dict:
    """What an earlier supervisor dropped of each stream: {"stdout": {"bytes": 0, "lines": 0}, "stderr": ...}."""
    try:
        content = read_json(path)
    except (OSError, ValueError):
        content = {}
    return {name: _counts(content.get(name)) for name in STREAMS}


def _counts(value: object) -> dict:
    if isinstance(value, dict):
        found, lines = value.get("bytes"), value.get("lines")
        if isinstance(found, int) and isinstance(lines, int) and found >= 0 and lines >= 0 and found % UNIT_BYTES == 0:
            return {"bytes": found, "lines": lines}
    return {"bytes": 0, "lines": 0}


def punch(fd: int, start: int, length: int) -> None:
    """Frees these bytes of a file, whose size stays. Raises OSError where the file system cannot."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    fallocate = getattr(libc, "fallocate64", None) or libc.fallocate
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    if fallocate(fd, KEEP_SIZE | PUNCH_HOLE, start, length) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def size_text(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return "%.3g %s" % (size / factor, unit)
    return "%d bytes" % size


def _notice(name: str, limit: int) -> str:
    return (
        "%s has passed its limit of %s: as it grows, what is oldest in it is dropped. "
        "`output_limit` in the configuration changes that." % (name, size_text(limit))
    )


def _refusal(name: str, limit: int, error: OSError) -> str:
    return (
        "%s has passed its limit of %s, and the file system of the pool's folder cannot drop the head of a file (%s): it "
        "goes on growing. Print less, or have the pool's folder on ext4, xfs, btrfs or tmpfs."
        % (name, size_text(limit), error.strerror)
    )
