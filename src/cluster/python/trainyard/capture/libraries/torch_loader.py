"""torch.utils.data.DataLoader: how long the script waits for each batch."""

from __future__ import annotations

import functools
from time import monotonic
from typing import Any

from .. import step_times


def wrap_loader(module: Any) -> None:
    iterator = module._BaseDataLoaderIter
    own = iterator.__next__

    @functools.wraps(own)
    def wrapped(self: Any) -> Any:
        if step_times.enter():
            return own(self)
        began = monotonic()
        try:
            return own(self)
        finally:
            step_times.waited(began, monotonic())

    iterator.__next__ = wrapped
