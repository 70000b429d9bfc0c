"""Files that the script saves in its working directory become checkpoints, and a script that has one can be asked to leave.

    saved        a file or a folder has been saved
    put_back     what the supervisor put into the working directory before this run began
    asked_to_leave, leave
                 the pool wants the slots: for frameworks that store a checkpoint first; a plain script is ended right after
                 its next captured checkpoint (storing.py)
"""

from __future__ import annotations

import os
import time

from ..files import read_json
from . import sink
from .groups import PUT_BACK
from .install import parts
from .leaving import end_the_script
from .storing import storer
from .working import working_directory

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Mapping

LEAVE_PATIENCE_S = 60.0


def saved(
    by: str,
    path: str,
    step: Any = None,
    metadata: Mapping[str, Any] | None = None,
    again: bool = False,
    since: float | None = None,
) -> None:
    """A file or a folder has been saved completely. Its bytes are copied before this returns; they become a checkpoint
    together with what is saved next, until a metric at a later step is reported, or nothing more was saved for a second.

    `by`: what saved it, as shown ("torch.save"). `path`: absolute, or relative to the current directory; outside of the
    working directory nothing is done. `step`: where training stands; None: what a framework says (sink.step), else the highest
    step that was reported. `metadata`: more of the manifest. `again`: the file was captured before it was whole. `since`: of a
    folder only what was written after that time, seconds since the epoch. Never raises."""
    try:
        if "checkpoints" not in parts():
            return
        files = working_directory().files(os.fspath(path), since)
        if files and not sink.run().keeps_checkpoints:
            storer().add(by, files, sink.step if step is None else step, metadata or {}, again)
    except Exception as error:
        sink.trouble(by, error)


def put_back() -> list:
    """Absolute paths of the files that were put back into the working directory before this run began, the newest last;
    empty when it goes on from no captured checkpoint."""
    try:
        files = read_json(os.path.join(os.environ["TRAINYARD_RUN_DIR"], PUT_BACK))["files"]
        return [os.path.join(working_directory().path, path) for path in files]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def asked_to_leave() -> bool:
    """Whether the pool asks to pause, to make room or to stop. The first True tells the pool that it was understood, and
    from then on it is the caller who ends the script: with leave(), or as its framework does."""
    try:
        if "preemption" not in parts():
            return False
        is_asked = bool(sink.run().is_asked_to_stop())
        storer().is_left_to_others = storer().is_left_to_others or is_asked
        return is_asked
    except Exception as error:
        sink.trouble("preemption", error)
        return False


def leave(message: str) -> None:
    """Waits until all that was saved is stored, then ends the script with its tree by SIGTERM to its main process. Call it
    on a thread that may wait: it does not return, but by SystemExit where nobody obeys the signal."""
    storer().is_left_to_others = True
    storer().flush()
    end_the_script(message)
    time.sleep(LEAVE_PATIENCE_S)
    raise SystemExit(0)
