"""tqdm: the outermost bar that has a total is the progress of the run, where nobody tells it better."""

from __future__ import annotations

import os
import re
import sys
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from .. import sink
from ..wrap import after

SOURCE = "tqdm"
EVERY_S = 0.5
YOUNG_S = 2.0
"""A bar younger than this is no training."""
_EPOCH = re.compile(r"epoch\W{0,3}(\d{1,6})\s*(?:/|of)\s*(\d{1,6})", re.IGNORECASE)
_bars: WeakKeyDictionary = WeakKeyDictionary()
"""Of each bar that counts, when it is told next."""
_pid = os.getpid()


def wrap_tqdm(module: Any) -> None:
    after(module.tqdm, "__init__", SOURCE, _started)
    after(module.tqdm, "update", SOURCE, _updated)
    after(module.tqdm, "close", SOURCE, _closed)


def _started(result: Any, args: tuple, kwargs: dict) -> None:
    bar = args[0]
    # Bytes are a download.
    if not bar.disable and bar.pos == 0 and bar.total and bar.unit != "B" and not _is_worker():
        _bars[bar] = monotonic() + YOUNG_S


def _is_worker() -> bool:
    """A worker's bar is not the training's."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    return os.getpid() != _pid or (multiprocessing is not None and multiprocessing.parent_process() is not None)


def _updated(result: Any, args: tuple, kwargs: dict) -> None:
    at = _bars.get(args[0])
    if at is not None:
        now = monotonic()
        if now >= at:
            _bars[args[0]] = now + EVERY_S
            _tell(args[0])


def _closed(result: Any, args: tuple, kwargs: dict) -> None:
    at = _bars.pop(args[0], None)
    if at is not None and args[0].n and monotonic() >= at - EVERY_S:
        _tell(args[0])


def _tell(bar: Any) -> None:
    total = bar.total
    if not total or os.getpid() != _pid:
        return
    fraction = min(1.0, max(0.0, bar.n / total))
    epoch = _EPOCH.search(bar.desc or "")
    if epoch is not None:
        # One bar for each epoch, which says how many there are.
        number, count = int(epoch.group(1)), int(epoch.group(2))
        if 0 < number <= count:
            fraction = (number - 1 + fraction) / count
    sink.progress(fraction, guessed=True)
