"""The supervisor's loop: look at the script, look at control.json, keep the books, end the tree."""

from __future__ import annotations

import os
import signal
import time

from ..files import read_json
from ..processes import Stat, Tree, is_alive
from .event_tail import EventTail
from .identity import Identity
from .ladder import ACTIONS, Ladder
from .spec import Spec

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Callable

POLL_S = 0.1
HEARTBEAT_S = 5.0
ORPHAN_GRACE_S = 0.5
ORPHAN_TERM_S = 2.0
QUIET_ROUNDS = 5
SIGNALS = (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
"""Taken by sigtimedwait. Each only makes it look sooner: what is to be done stands in control.json alone."""


class Watch:
    """Watches one script until its whole tree is gone; then the attributes say how it went."""

    def __init__(self, run_dir: str, spec: Spec, identity: Identity, log: object) -> None:
        self._run_dir = run_dir
        self._identity = identity
        self._log = log
        self._control = os.path.join(run_dir, "control.json")
        self.ladder = Ladder(spec.stop_acknowledge_s, spec.stop_term_s, spec.preemption_timeout_s)
        self.events = EventTail(os.path.join(run_dir, "events"))
        self.tree = Tree(spec.key, [os.path.join(run_dir, name) for name in ("stdout.log", "stderr.log")])
        self.leases_with_the_tree: Callable[[], list] = list
        """An adopter's: files of its leases that processes of this run have, whom /proc may not show to be of it."""
        self.peak_memory_bytes = 0
        self.killed_children = 0
        self.status: int | None = None
        """The script's wait status; None when it was not our child."""
        self._pid = 0
        self._ticks = 0
        self._adopted = False
        self._gone = False
        self._childless = False
        self._periodic: list = []

    def every(self, seconds: float, first: float, work: object) -> None:
        """Calls work() every so often while the script runs. What it raises is logged and forgotten."""
        self._periodic.append([time.monotonic() + first, seconds, work])

    def until_gone(self, pid: int, ticks: int, adopted: bool) -> None:
        self._pid, self._ticks, self._adopted = pid, ticks, adopted
        self.every(HEARTBEAT_S, HEARTBEAT_S, self._identity.heartbeat)
        self.every(POLL_S, 0, self._look_for_acknowledgement)
        while True:
            self._reap()
            if self._gone:
                break
            self._climb()
            self._run_periodic()
            signal.sigtimedwait(SIGNALS, POLL_S)
        self.guard(self._end_the_rest)
        self.guard(self._look_for_acknowledgement)
        if self.events.acknowledged:
            self.guard(self._read_control)  # it may have seen it and left before we looked

    def members(self) -> dict[int, Stat]:
        """The processes of the tree, as cheaply as they can be had."""
        return self.tree.members() if self._adopted else self.tree.descendants()

    def note_memory(self, bytes_used: int) -> None:
        self.peak_memory_bytes = max(self.peak_memory_bytes, bytes_used)

    def _reap(self) -> None:
        """Takes every dead child: the script, and orphans of its tree that came to us as their subreaper."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self._childless = True
                break
            self._childless = False
            if pid == 0:
                break
            if pid == self._pid and not self._adopted:
                self.status = status
                self._gone = True
                self.note_memory(usage.ru_maxrss * 1024)
        if self._adopted and not is_alive(self._pid, self._ticks):
            self._gone = True

    def _climb(self) -> None:
        self.guard(self._read_control)
        due = self.ladder.due(time.monotonic())
        if due == "SIGKILL":
            self.guard(self.tree.kill)
        elif due == "SIGTERM":
            self.guard(lambda: self.tree.signal(signal.SIGTERM))

    def _read_control(self) -> None:
        try:
            control = read_json(self._control)
        except FileNotFoundError:
            return
        number, action = control.get("control"), control.get("action")
        if isinstance(number, int) and action in ACTIONS:
            self.ladder.control(number, action, time.monotonic())

    def _look_for_acknowledgement(self) -> None:
        self.events.poll()
        if self.events.acknowledged:
            self.ladder.acknowledged(self.events.acknowledged["control"])

    def _run_periodic(self) -> None:
        now = time.monotonic()
        for entry in self._periodic:
            if now >= entry[0]:
                entry[0] = now + entry[1]
                self.guard(entry[2])

    def _end_the_rest(self) -> None:
        """The script is gone: whoever outlived it gets a moment, then SIGTERM, then SIGKILL until none is left. An
        adopter that met no script comes too late for moments: these have no master, and may hold no lease."""
        ended: set = set()
        quiet = 0
        began = time.monotonic()
        at_once = self.ladder.escalated == "SIGKILL" or self._pid == 0
        terminated_at = None
        while True:
            self._reap()
            somebody_has_leases = self.tree.mark_who_has(self.leases_with_the_tree())
            quiet = 0 if somebody_has_leases or self.tree.members() else quiet + 1
            if quiet and self._is_over(quiet):
                break
            self.guard(self._read_control)
            at_once = at_once or self.ladder.action == "kill"
            now = time.monotonic()
            if at_once or (terminated_at is not None and now >= terminated_at + ORPHAN_TERM_S):
                ended.update(self.tree.kill())
            elif terminated_at is None and now >= began + ORPHAN_GRACE_S:
                ended.update(self.tree.signal(signal.SIGTERM))
                terminated_at = now
            self._run_periodic()
            hurry = (quiet or at_once) and now < began + 1  # a process that hangs in the kernel can take for ever
            signal.sigtimedwait(SIGNALS, 0.002 if hurry else 0.05)
        self.killed_children = len(ended)

    def _is_over(self, quiet_rounds: int) -> bool:
        """/proc showed nobody. That can be wrong: who forks and leaves while it is read is seen nowhere. A subreaper
        without children has no descendants, for sure; where that cannot be told, several looks must agree."""
        if self._childless and not self._adopted:
            return True
        return quiet_rounds >= QUIET_ROUNDS and (self._adopted or bool(self.tree.helpers))

    def guard(self, work: object) -> None:
        try:
            work()
        except Exception as error:  # a bug or a full disk in one duty must not stop the others
            self._log(error)
