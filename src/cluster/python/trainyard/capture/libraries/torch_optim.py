"""torch.optim: which optimizers there are, so that the provenance of the first report need not look for them."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

from ...harness import frameworks
from ..wrap import after

SOURCE = "torch.optim"
MAX_OPTIMIZERS = 1000


def watch(module: Any) -> None:
    made: Any = deque(maxlen=MAX_OPTIMIZERS)
    after(module.Optimizer, "__init__", SOURCE, lambda result, args, kwargs: made.append(weakref.ref(args[0])))
    frameworks.known_optimizers = lambda: [one for one in [reference() for reference in list(made)] if one is not None]
