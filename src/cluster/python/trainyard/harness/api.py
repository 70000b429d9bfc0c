"""The names of `import trainyard`, and the one run of this process."""

from __future__ import annotations

import atexit
import pathlib
import threading
from typing import Any, ContextManager, Mapping, Optional

from . import place
from .checkpoints import CheckpointError
from .params import MISSING, InvalidHP, Params
from .run import Run

__all__ = ["CheckpointError", "InvalidHP", "Params", "Run"]

_current: Optional[Run] = None
_lock = threading.Lock()


def init(strict: bool = False) -> Run:
    """The run of this process; made at the first call, the same one after that. With `strict`, a report that cannot be
    written now, since the disk is full or fails, raises OSError instead of being held until it can."""
    global _current
    with _lock:
        if _current is None:
            _current = Run(place.find())
            atexit.register(_current._close)
            _current._record_provenance()
        _current.strict = _current.strict or strict
        return _current


def param(name: str, default: Any = MISSING) -> Any:
    """run.param of the current run."""
    return init().param(name, default)


def report(step: float, values: Optional[Mapping[str, Any]] = None, group: str = "training", **named: Any) -> None:
    """run.report of the current run."""
    init().report(step, values, group, **named)


def validate(step: float, values: Optional[Mapping[str, Any]] = None, **named: Any) -> None:
    """run.validate of the current run."""
    init().validate(step, values, **named)


def checkpoint(step: float, **metadata: Any) -> ContextManager[pathlib.Path]:
    """run.checkpoint of the current run."""
    return init().checkpoint(step, **metadata)


def latest_checkpoint() -> Optional[pathlib.Path]:
    """run.latest_checkpoint of the current run."""
    return init().latest_checkpoint


def should_stop() -> bool:
    """run.should_stop of the current run."""
    return init().should_stop()


def progress(fraction: float) -> None:
    """run.progress of the current run."""
    init().progress(fraction)
