"""What all launchers need: how many processes, and how to become another program."""

from __future__ import annotations

import os
import sys
from typing import List, NoReturn, Optional, Tuple


def slots() -> int:
    """Processes to start: one for each slot, one without any."""
    text = os.environ.get("TRAINYARD_SLOTS", "")
    return max(1, int(text)) if text.isdigit() else 1


def parse(arguments: List[str], usage: str) -> Tuple[List[str], List[str]]:
    """[launcher's own options --] (--trial MODULE:CLASS | SCRIPT...): the launcher's own options, and the command."""
    own: List[str] = []
    if "--" in arguments:
        split = arguments.index("--")
        own, arguments = arguments[:split], arguments[split + 1 :]
    trial = _trial(arguments)
    if trial is not None:
        return own, [sys.executable, "-m", "determined.exec.harness", "--train-entrypoint", trial]
    if not arguments:
        sys.exit("usage: %s" % usage)
    return own, arguments


def _trial(arguments: List[str]) -> Optional[str]:
    if arguments and arguments[0].startswith("--trial="):
        return arguments[0].partition("=")[2]
    return arguments[1] if len(arguments) > 1 and arguments[0] == "--trial" else None


def become(command: List[str]) -> NoReturn:
    """Takes the place of this process, so that signals and exit code are the command's own."""
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit("determined.launch: cannot start %s: %s" % (command[0], error))


def run_single(arguments: List[str], launcher: str) -> NoReturn:
    """For launchers that need a program of their own for several processes: they are here for one slot."""
    _, command = parse(arguments, "python3 -m determined.launch.%s [OPTIONS --] (--trial MODULE:CLASS | SCRIPT...)" % launcher)
    if slots() > 1:
        sys.exit(
            "determined.launch.%s: %d slots need what is not part of Trainyard. Use determined.launch.torch_distributed, one slot, "
            "or your own launcher as the entrypoint" % (launcher, slots())
        )
    become(command)
