"""How a function that saves a file is wrapped: its own work first, then the file is copied; how long both took is counted."""

from __future__ import annotations

import functools
import os
from time import monotonic

from . import checkpoints, sink, step_times
from .storing import storer

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Callable


def _nothing_more(args: tuple, kwargs: dict) -> tuple:
    return None, None


def after_save(
    owner: Any,
    name: str,
    by: str,
    target: Callable[[tuple, dict], Any],
    about: Callable[[tuple, dict], tuple] = _nothing_more,
) -> None:
    """Replaces `owner.name`. target(args, kwargs) is what was saved to: a path, a file object with a name, or something else,
    which is not captured. about(args, kwargs) is its step and what else its manifest says, as for checkpoints.saved. What captured functions call inside this one is part of it. AttributeError when there is no such
    function."""
    own = getattr(owner, name)

    @functools.wraps(own)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        outer = sink.enter()
        began = monotonic()
        _count(outer, 1)
        try:
            result = own(*args, **kwargs)
            if not outer:
                try:
                    path = _path(target(args, kwargs))
                    if path is not None:
                        checkpoints.saved(by, path, *about(args, kwargs))
                except Exception as error:
                    sink.trouble(by, error)
        finally:
            sink.leave(outer)
            _count(outer, -1)
        if not outer:
            step_times.saved_for(monotonic() - began)
        return result

    setattr(owner, name, wrapped)


def _count(outer: bool, by: int) -> None:
    """No checkpoint is closed while another file of it is being saved."""
    if not outer:
        try:
            storer().saving += by
        except Exception as error:
            sink.trouble("checkpoints", error)


def _path(target: Any) -> str | None:
    """Where a file object writes to; what is in its buffer is written first. None: nothing with a path."""
    if isinstance(target, (str, bytes, os.PathLike)):
        return os.fsdecode(target)
    name = getattr(target, "name", None)
    if not isinstance(name, (str, bytes)) or not hasattr(target, "write"):
        return None
    if not getattr(target, "closed", False):
        target.flush()
    return os.fsdecode(name)
