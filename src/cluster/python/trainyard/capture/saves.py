"""How a function that saves a file is wrapped: its own work first, then the file is copied; how long both took is counted."""

from __future__ import annotations

import functools
import io
import os
import weakref
from time import monotonic, time

from . import checkpoints, sink, step_times
from .storing import storer

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Callable

CLOCK_TICK_S = 0.05
"""A file's time may be a little earlier than the clock was."""

_last_file: Any = None


def _nothing_more(args: tuple, kwargs: dict) -> tuple:
    return None, None


def after_save(
    owner: Any,
    name: str,
    by: str,
    target: Callable[[tuple, dict], Any],
    about: Callable[[tuple, dict], tuple] = _nothing_more,
    only_new: bool = False,
) -> None:
    """Replaces `owner.name`. target(args, kwargs) is what was saved to: a path, a file object with a name, or something else,
    which is not captured. about(args, kwargs) is its step and what else its manifest says, as for checkpoints.saved. `only_new`: of a
    folder only what was written meanwhile. What captured functions call inside this one is part of it. AttributeError when
    there is no such function."""
    own = getattr(owner, name)

    @functools.wraps(own)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        outer = sink.enter()
        began, began_at = monotonic(), time()
        _count(outer, 1)
        try:
            result = own(*args, **kwargs)
            if not outer:
                try:
                    path, again = _saved_to(target(args, kwargs))
                    if path is not None:
                        since = began_at - CLOCK_TICK_S if only_new else None
                        checkpoints.saved(by, path, *about(args, kwargs), again=again, since=since)
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


def _saved_to(target: Any) -> tuple:
    """The path (None: nothing that can be captured), and whether it is the same open file as the last time: something more was
    saved into it. A file object counts only when what it is given goes into the file as it is: a compressed one is whole when
    it is closed, which nobody sees here."""
    global _last_file
    if isinstance(target, (str, bytes, os.PathLike)):
        return os.fsdecode(target), False
    file = getattr(target, "file", target)  # a NamedTemporaryFile's
    name = getattr(target, "name", None)
    if not isinstance(file, (io.BufferedWriter, io.BufferedRandom, io.FileIO)) or not isinstance(name, (str, bytes)):
        return None, False
    if not file.closed:
        file.flush()  # what is in its buffer is part of what was saved
    again = _last_file is not None and _last_file() is file
    _last_file = weakref.ref(file)
    return os.fsdecode(name), again
