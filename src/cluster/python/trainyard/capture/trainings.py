"""What frameworks with a training loop of their own share: which call of fit() or train() this is, which file it goes on from, and
whether it has to leave.

A script may train several times (folds, pretraining and fine-tuning). Each checkpoint is marked with the number of its
training, so that none goes on from the file of another one.
"""

from __future__ import annotations

import os
import time

from ..files import read_json
from . import checkpoints, sink
from .groups import PUT_BACK
from .storing import storer
from .working import working_directory

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Callable

MARK = "training"
"""In a manifest's metadata: the number of the training, from 1."""
OTHERS_PATIENCE_S = 600.0
AGREE_EVERY_STEPS = 10
"""Processes that train together ask each other so often: asking costs a collective operation."""

number = 0
"""Of the training that runs, or ran last; 0 before the first."""


def begin() -> int:
    global number
    number += 1
    return number


def end() -> None:
    sink.step = None


def newest(accepts: Callable[[str], Any]) -> Any:
    """What `accepts` makes of the newest file (absolute path) that was put back and belongs to this training; None when it
    accepts none."""
    try:
        record = read_json(os.path.join(os.environ["TRAINYARD_RUN_DIR"], PUT_BACK))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    marks: dict = {}
    for name, uuid in reversed(list(record.items())):
        if uuid not in marks:
            marks[uuid] = _mark(uuid)
        if marks[uuid] == number:
            found = accepts(os.path.join(working_directory().path, name))
            if found:
                return found
    return None


def _mark(uuid: str) -> Any:
    try:
        return read_json(os.path.join(sink.run().checkpoint_root, uuid, "manifest.json"))["metadata"].get(MARK)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def leaves_itself(does: bool) -> None:
    """Whether the framework stores a checkpoint and leaves when the pool asks; else the rule for plain scripts holds."""
    storer().is_left_to_others = does


def is_due() -> bool:
    """Whether to store a checkpoint and leave now, between two steps. A script that looks after its checkpoints or its end itself
    is left alone."""
    run = sink.run()
    return not run.keeps_checkpoints and not run.looks_itself and checkpoints.asked_to_leave()


def is_due_in_all(step: int, processes: int, agree: Callable[[bool], bool]) -> bool:
    """The same where several processes train together. `agree`: True in all of them when it is called with True in any; each must
    get here at the same steps."""
    if processes == 1:
        return is_due()
    return step % AGREE_EVERY_STEPS == 0 and agree(is_due())


def leave(message: str, is_first: bool) -> None:
    """As checkpoints.leave, in each of the processes that train together: the first one stores what it saved and ends them all."""
    if not is_first:
        time.sleep(OTHERS_PATIENCE_S)
        raise SystemExit(0)
    checkpoints.leave(message)
