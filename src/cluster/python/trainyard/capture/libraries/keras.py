"""Keras 3: the logs of fit() at each end of an epoch, and the running values of a batch some times a second.

A metric's step is the number of training batches so far (optimizer.iterations), as for any other library. Reading a value of
a batch may wait for the device, so that is done at most twice a second; they are named batch_loss and so on, as Keras's
TensorBoard callback does, and are means since the epoch's start.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from .. import sink
from ..wrap import after, argument, before, beside

SOURCE = "keras"
BATCHES_EVERY_S = 0.5

seen = 0
"""Training batches, of this process or of the optimizer, whichever are more: the step."""
_seen_before_epoch = 0
_epoch = 0
_next_look = 0.0
_next_progress = 0.0


def wrap_callbacks(module: Any) -> None:
    """Ours comes before the callbacks, so that a checkpoint that one of them saves has these metrics and this step."""
    beside(module.CallbackList, "on_train_begin", SOURCE, _begin)
    before(module.CallbackList, "on_epoch_begin", SOURCE, _epoch_begins)
    before(module.CallbackList, "on_train_batch_end", SOURCE, _batch)
    before(module.CallbackList, "on_epoch_end", SOURCE, _epoch_ends)
    beside(module.CallbackList, "on_train_end", SOURCE, _end)


def wrap_tensorboard(module: Any) -> None:
    """Its callback tells the same numbers once more, under other names."""
    for name in ("on_train_batch_end", "on_test_end", "on_epoch_end"):
        after(module.TensorBoard, name, SOURCE, _nothing)


def _nothing(result: Any, args: tuple, kwargs: dict) -> None:
    pass


def _begin(result: Any, args: tuple, kwargs: dict) -> None:
    """When the callbacks have restored what they restore."""
    global seen, _next_look
    sink.library(SOURCE, sink.version_of("keras"))
    optimizer = getattr(args[0].model, "optimizer", None)
    if optimizer is not None:
        iterations = int(optimizer.iterations) * (getattr(optimizer, "gradient_accumulation_steps", None) or 1)
        seen = max(seen, iterations)
    _next_look = monotonic() + BATCHES_EVERY_S


def _epoch_begins(args: tuple, kwargs: dict) -> None:
    # (self, epoch, logs=None)
    global seen, _seen_before_epoch, _epoch
    _epoch = argument(args, kwargs, 1, "epoch")
    # Where there is no optimizer that counts.
    seen = max(seen, _epoch * (args[0].params.get("steps") or 0))
    _seen_before_epoch = sink.step = seen


def _batch(args: tuple, kwargs: dict) -> None:
    # (self, batch, logs=None)
    global seen, _next_look
    batch = argument(args, kwargs, 1, "batch")
    seen = sink.step = _seen_before_epoch + batch + 1
    now = monotonic()
    if now < _next_look:
        return
    _next_look = now + BATCHES_EVERY_S
    logs = argument(args, kwargs, 2, "logs") or {}
    sink.scalars(SOURCE, {"batch_%s" % name: value for name, value in logs.items()}, seen, "training")
    steps = args[0].params.get("steps")
    _progress(args[0], _epoch + (batch + 1) / steps if steps else _epoch)


def _epoch_ends(args: tuple, kwargs: dict) -> None:
    # (self, epoch, logs=None)
    sink.scalars(SOURCE, argument(args, kwargs, 2, "logs") or {}, seen)
    _progress(args[0], argument(args, kwargs, 1, "epoch") + 1)


def _end(result: Any, args: tuple, kwargs: dict) -> None:
    sink.step = None


def _progress(callbacks: Any, epochs: float) -> None:
    global _next_progress
    of = callbacks.params.get("epochs")
    now = monotonic()
    if of and (now >= _next_progress or epochs >= of):
        _next_progress = now + BATCHES_EVERY_S
        sink.progress(epochs / of)
