"""Memory of a tree, its limit, and whether the kernel's out-of-memory killer was at work. Nothing here raises."""

from __future__ import annotations

import os
import resource
import time

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_UNLIMITED = 1 << 60
_RECENT_S = 120.0
"""The counter is that of all who share the cgroup, or the machine: an older kill is none of this ending's causes."""


def tree_bytes(pids: list) -> int:
    """Resident memory of processes that share pages by fork and mmap: what each has alone, plus the largest share."""
    alone = 0
    shared = 0
    for pid in pids:
        try:
            with open("/proc/%d/statm" % pid, "rb", buffering=0) as file:
                fields = file.read(256).split()
            alone += int(fields[1]) - int(fields[2])
            shared = max(shared, int(fields[2]))
        except (OSError, ValueError, IndexError):
            pass
    return (alone + shared) * PAGE_BYTES


def limit_bytes() -> int | None:
    """The least of the cgroup's limits, the address space's limit and the machine's memory."""
    limits = [limit for limit in [_machine_bytes(), _rlimit_bytes()] + _cgroup_limits() if limit]
    return min(limits) if limits else None


def oom_kills() -> int:
    """A counter that rises when the kernel kills for want of memory: the cgroup's, else the machine's."""
    for folder in _cgroup_folders("memory"):
        for name in ("memory.events", "memory.oom_control"):
            count = _field(os.path.join(folder, name), "oom_kill")
            if count is not None:
                return count
    return _field("/proc/vmstat", "oom_kill") or 0


class OutOfMemory:
    """Whether the kernel has killed for want of memory lately: the script, or one of its processes, which the script
    then tells by an exception or an exit code of its own."""

    def __init__(self) -> None:
        self._count = oom_kills()
        self._rose_at: float | None = None

    def look(self) -> None:
        """To be called now and then."""
        count = oom_kills()
        if count > self._count:
            self._count, self._rose_at = count, time.monotonic()

    def was_lately(self) -> bool:
        self.look()
        return self._rose_at is not None and time.monotonic() - self._rose_at < _RECENT_S


def _machine_bytes() -> int | None:
    kilobytes = _field("/proc/meminfo", "MemTotal:")
    return kilobytes * 1024 if kilobytes else None


def _rlimit_bytes() -> int | None:
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if soft in (resource.RLIM_INFINITY, -1) else soft


def _cgroup_limits() -> list:
    limits = []
    for folder in _cgroup_folders("memory"):
        while len(folder) > len("/sys/fs/cgroup"):  # a parent's limit holds as well
            for name in ("memory.max", "memory.limit_in_bytes"):
                text = _read(os.path.join(folder, name)).strip()
                if text.isdigit() and int(text) < _UNLIMITED:
                    limits.append(int(text))
            folder = os.path.dirname(folder)
    return limits


def _cgroup_folders(controller: str) -> list:
    folders = []
    for line in _read("/proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            folders.append("/sys/fs/cgroup" + path)
        elif controller in controllers.split(","):
            folders.append("/sys/fs/cgroup/" + controllers + path)
    return folders


def _field(path: str, name: str) -> int | None:
    for line in _read(path).splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == name and words[1].isdigit():
            return int(words[1])
    return None


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(1024 * 1024)
    except OSError:
        return ""
