"""should_stop(): what control.json asks, looked at often enough to matter and seldom enough to cost nothing."""

from __future__ import annotations

import json
import os
from time import monotonic

LOOK_EVERY_S = 0.05
_STOPPING = ("pause", "preempt", "stop", "kill")


class Control:
    """Once the answer was True it stays True: a script must not be told two things."""

    def __init__(self, run_dir: str) -> None:
        self._path = os.path.join(run_dir, "control.json")
        self._next_look = 0.0
        self.asked: dict | None = None
        """The control that made it True: control and action."""

    def should_stop(self) -> bool:
        if self.asked is not None:
            return True
        now = monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_EVERY_S
        try:
            # Opened, not only stat-ed: opening is what makes NFS ask its server.
            with open(self._path, "rb", buffering=0) as file:
                control = json.loads(file.read(65536))
            if control["action"] in _STOPPING:
                self.asked = {"control": int(control["control"]), "action": control["action"]}
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return self.asked is not None
