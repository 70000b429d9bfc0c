"""What control.json asks, and how hard it is asked: a pure state machine on a clock that the caller reads.

`stop`   not acknowledged after `acknowledge_s`: SIGTERM; `term_s` later: SIGKILL
`pause`, `preempt`, and a `stop` that was acknowledged: SIGKILL after `preemption_s`
`kill`   SIGKILL at once
"""

from __future__ import annotations

ACTIONS = ("run", "pause", "preempt", "stop", "kill")


class Ladder:
    def __init__(self, acknowledge_s: float, term_s: float, preemption_s: float) -> None:
        self._acknowledge_s = acknowledge_s
        self._term_s = term_s
        self._preemption_s = preemption_s
        self.number = 0
        self.action = "run"
        self.escalated: str | None = None
        self._asked_at = 0.0
        self._first_asked = 0
        self._acknowledged = 0
        self._terminated_at: float | None = None

    @property
    def asked(self) -> str | None:
        return None if self.action == "run" else self.action

    def control(self, number: int, action: str, now: float) -> None:
        """A control.json was read; the same or an older one changes nothing."""
        if number <= self.number:
            return
        if action == "run":
            self._terminated_at = None
            self._first_asked = 0
        elif self.action == "run":
            self._first_asked = number
        if action != self.action:
            self._asked_at = now
        self.number = number
        self.action = action

    def acknowledged(self, number: int) -> None:
        self._acknowledged = max(self._acknowledged, number)

    def due(self, now: float) -> str | None:
        """The signal that the tree should get now: SIGTERM once, SIGKILL again and again."""
        signal = self._due(now)
        if signal == "SIGKILL" or (signal and self.escalated is None):
            self.escalated = signal
        return signal

    def _due(self, now: float) -> str | None:
        if self.action == "run":
            return None
        if self.action == "kill":
            return "SIGKILL"
        if self.action != "stop":
            return "SIGKILL" if now >= self._asked_at + self._preemption_s else None
        if self._terminated_at is not None:
            return "SIGKILL" if now >= self._terminated_at + self._term_s else None
        # A script that already acknowledged a pause is on its way out and does not look again.
        if 0 < self._first_asked <= self._acknowledged:
            return "SIGKILL" if now >= self._asked_at + self._preemption_s else None
        if now >= self._asked_at + self._acknowledge_s:
            self._terminated_at = now
            return "SIGTERM"
        return None
