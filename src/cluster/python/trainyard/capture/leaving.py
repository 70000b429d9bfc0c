"""How a script is ended that cannot be told to leave."""

from __future__ import annotations

import os
import signal
import sys

from ..files import read_json
from ..processes import is_alive


def end_the_script(message: str) -> None:
    """SIGTERM to the script's main process; the supervisor ends what outlives it."""
    try:
        print("trainyard: " + message, file=sys.stderr, flush=True)
    except Exception:
        pass
    try:
        script = read_json(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "supervisor.json"))["script"]
        if is_alive(script["pid"], script["startTicks"]):
            os.kill(script["pid"], signal.SIGTERM)
            return
    except (OSError, ValueError, KeyError, TypeError):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
