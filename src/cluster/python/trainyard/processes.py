"""Processes by /proc: who is alive, who belongs to a run, and how a whole tree is ended.

A process is named by its pid and its start time (field 22 of /proc/PID/stat, in clock ticks), since pids are used
again. A zombie is dead.
"""

from __future__ import annotations

import os
import signal

DEAD_STATES = ("Z", "X", "x")
MAX_FREEZE_ROUNDS = 50
"""Who still forks faster than it is frozen is met again in the next round."""


class Stat:
    """What /proc/PID/stat says. Times in clock ticks, memory in pages."""

    __slots__ = ("pid", "state", "ppid", "cpu_ticks", "start_ticks")

    def __init__(self, pid: int, line: bytes) -> None:
        # The command's name is in parentheses and may itself hold parentheses and spaces.
        fields = line[line.rindex(b")") + 2 :].split()
        self.pid = pid
        self.state = fields[0].decode("ascii")
        self.ppid = int(fields[1])
        self.cpu_ticks = int(fields[11]) + int(fields[12])
        self.start_ticks = int(fields[19])

    @property
    def dead(self) -> bool:
        return self.state in DEAD_STATES


def read_stat(pid: int) -> Stat | None:
    try:
        with open("/proc/%d/stat" % pid, "rb", buffering=0) as file:
            return Stat(pid, file.read(4096))
    except (OSError, ValueError, IndexError):
        return None


def start_ticks(pid: int) -> int:
    """0 when there is no such process."""
    stat = read_stat(pid)
    return stat.start_ticks if stat else 0


def is_alive(pid: int, ticks: int) -> bool:
    stat = read_stat(pid)
    return stat is not None and not stat.dead and stat.start_ticks == ticks


def boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "unknown"


def host() -> str:
    return os.uname().nodename


def table() -> dict[int, Stat]:
    """Every process that is not dead."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = read_stat(int(name))
            if stat is not None and not stat.dead:
                found[stat.pid] = stat
    return found


class Tree:
    """The processes of one run: what descends from its supervisor (a subreaper, so orphans come back to it); whatever
    carries the run's key in its environment, or has the run's files as its output (a daemon that cleared its
    environment while no supervisor lived is known by that); and the descendants of these."""

    def __init__(self, key: str, outputs: list[str] | None = None) -> None:
        self._mark = b"TRAINYARD_RUN_KEY=" + key.encode("ascii")
        self._outputs = {os.path.realpath(path) for path in outputs or ()}
        self._known: set[tuple[int, int]] = set()
        """Pid and start time of those who are known by what they have open."""
        self._supervisor = os.getpid()
        self.helpers: set[int] = set()
        """Pids of the supervisor's own children (nvidia-smi), which are not the run's."""

    def descendants(self) -> dict[int, Stat]:
        """By parenthood alone: cheap, and complete as long as this supervisor was there from the start."""
        return self._below(table(), [self._supervisor])

    def members(self) -> dict[int, Stat]:
        """By parenthood and by the run's key."""
        processes = table()
        marked = [pid for pid, stat in processes.items() if pid != self._supervisor and self._is_marked(stat)]
        return self._below(processes, [self._supervisor] + marked)

    def kill(self) -> dict[int, Stat]:
        """SIGSTOP to everything until nothing new appears, so that nobody forks away, then SIGKILL. Returns whom it
        hit. Who forks and leaves at every moment may be missed: call it until nobody is left."""
        frozen: dict[int, Stat] = {}
        outsiders: set[int] = set()
        for _ in range(MAX_FREEZE_ROUNDS):
            if self._freeze_new(frozen, outsiders):
                continue
            missed = {pid: stat for pid, stat in self.members().items() if pid not in frozen}
            if not missed:
                break
            for pid, stat in missed.items():
                send(stat, signal.SIGSTOP)
                frozen[pid] = stat
        for stat in frozen.values():
            send(stat, signal.SIGKILL)
        return frozen

    def _freeze_new(self, frozen: dict[int, Stat], outsiders: set[int]) -> bool:
        """Stops each the moment it is met, the youngest first, and does not look twice at those who are not ours: a
        round after the first takes well under a millisecond, less than a chain of forks needs to move on."""
        found = False
        for pid in sorted(map(int, filter(str.isdigit, os.listdir("/proc"))), reverse=True):
            if pid in frozen or pid in outsiders or pid in self.helpers or pid == self._supervisor:
                continue
            stat = read_stat(pid)
            if stat is None or stat.dead:
                continue
            if stat.ppid == self._supervisor or stat.ppid in frozen or self._is_marked(stat):
                send(stat, signal.SIGSTOP)
                frozen[pid] = stat
                found = True
            else:
                outsiders.add(pid)
        return found

    def signal(self, number: int) -> dict[int, Stat]:
        members = self.members()
        for stat in members.values():
            send(stat, number)
        return members

    def mark_who_has(self, files: list[str]) -> bool:
        """Counts whoever has one of these files open as a member; `files` are the run's alone. Returns whether any are
        given: somebody has them then, also where /proc does not show who (another account's processes)."""
        wanted = {os.path.realpath(path) for path in files}
        for stat in table().values() if wanted else ():
            if stat.pid != self._supervisor and not wanted.isdisjoint(_open_files(stat.pid)):
                self._known.add((stat.pid, stat.start_ticks))
        return bool(wanted)

    def _is_marked(self, stat: Stat) -> bool:
        try:
            with open("/proc/%d/environ" % stat.pid, "rb", buffering=0) as file:
                environment = file.read()
        except OSError:  # another account's, or gone
            return False
        if self._mark in environment and self._mark in environment.split(b"\0"):
            return True
        if (stat.pid, stat.start_ticks) in self._known:
            return True
        return any(_link("/proc/%d/fd/%d" % (stat.pid, fd)) in self._outputs for fd in (1, 2))

    def _below(self, processes: dict[int, Stat], roots: list[int]) -> dict[int, Stat]:
        children: dict[int, list[int]] = {}
        for stat in processes.values():
            children.setdefault(stat.ppid, []).append(stat.pid)
        found: dict[int, Stat] = {}
        queue = list(roots)
        while queue:
            pid = queue.pop()
            if pid in found or pid in self.helpers:
                continue
            if pid in processes:
                found[pid] = processes[pid]
            queue.extend(children.get(pid, ()))
        found.pop(self._supervisor, None)
        return found


def _open_files(pid: int) -> list[str]:
    folder = "/proc/%d/fd" % pid
    try:
        return [_link(os.path.join(folder, name)) for name in os.listdir(folder)]
    except OSError:  # another account's, or gone
        return []


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def send(stat: Stat, number: int) -> None:
    """Signals a process that was seen, if it is still the same one."""
    if start_ticks(stat.pid) == stat.start_ticks:
        try:
            os.kill(stat.pid, number)
        except OSError:
            pass
