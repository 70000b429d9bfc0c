"""should_stop(): what control.json asks, looked at often enough to matter and seldom enough to cost nothing."""

from __future__ import annotations

import json
import os
from time import monotonic
from typing import Any, Dict, Optional

LOOK_EVERY_S = 0.05
_STOPPING = ("pause", "preempt", "stop", "kill")


class Control:
    """What was asked once stays asked: a script must not be told two things."""

    def __init__(self, run_dir: str) -> None:
        self._path = os.path.join(run_dir, "control.json")
        self._next_look = 0.0
        self.asked: Optional[Dict[str, Any]] = None
        """The control that made it True: control and action."""

    def look(self) -> Optional[Dict[str, Any]]:
        """The control that asks to stop, if there is one; remembered in `asked`."""
        now = monotonic()
        if now < self._next_look:
            return self.asked
        self._next_look = now + LOOK_EVERY_S
        try:
            # Opened, not only stat-ed: opening is what makes NFS ask its server.
            with open(self._path, "rb", buffering=0) as file:
                control = json.loads(file.read(65536))
            if control["action"] in _STOPPING:
                self.asked = {"control": int(control["control"]), "action": control["action"]}
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return self.asked
