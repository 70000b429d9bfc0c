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
    """The processes of one run: what descends from its supervisor (a subreaper, so orphans come back to it), and
    whatever carries the run's key in its environment, with its descendants."""

    def __init__(self, key: str) -> None:
        self._mark = b"TRAINYARD_RUN_KEY=" + key.encode("ascii")
        self._supervisor = os.getpid()
        self.helpers: set[int] = set()
        """Pids of the supervisor's own children (nvidia-smi), which are not the run's."""

    def descendants(self) -> dict[int, Stat]:
        """By parenthood alone: cheap, and complete as long as this supervisor was there from the start."""
        return self._below(table(), [self._supervisor])

    def members(self) -> dict[int, Stat]:
        """By parenthood and by the run's key."""
        processes = table()
        marked = [pid for pid in processes if pid != self._supervisor and self._is_marked(pid)]
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
            if stat.ppid == self._supervisor or stat.ppid in frozen or self._is_marked(pid):
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

    def _is_marked(self, pid: int) -> bool:
        try:
            with open("/proc/%d/environ" % pid, "rb", buffering=0) as file:
                environment = file.read()
        except OSError:  # another account's, or gone
            return False
        return self._mark in environment and self._mark in environment.split(b"\0")

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


def send(stat: Stat, number: int) -> None:
    """Signals a process that was seen, if it is still the same one."""
    if start_ticks(stat.pid) == stat.start_ticks:
        try:
            os.kill(stat.pid, number)
        except OSError:
            pass
