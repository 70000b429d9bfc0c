"""tf.summary: scalars that are written eagerly. Inside of a tf.function a value is known to the graph only."""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from .. import sink
from ..wrap import after, argument, before
from .several import Folders

SOURCE = "tf.summary"
_NOTHING = object()


class _Given(threading.local):
    data: Any = _NOTHING


_given = _Given()
"""What tf.summary.scalar was given: to ask the tensor that it makes of it costs tens of microseconds."""


def wrap_summary(module: Any) -> None:
    folders = Folders()
    prefixes: WeakKeyDictionary = WeakKeyDictionary()

    def opened(result: Any, args: tuple, kwargs: dict) -> None:
        # (logdir, ...)
        sink.library(SOURCE, sink.version_of("tensorflow"))
        logdir = argument(args, kwargs, 0, "logdir")
        prefixes[result] = folders.prefix(logdir.decode() if isinstance(logdir, bytes) else str(logdir))

    def written(result: Any, args: tuple, kwargs: dict) -> None:
        # (tag, tensor, step=None, metadata=None, name=None)
        data, _given.data = _given.data, _NOTHING
        metadata = argument(args, kwargs, 3, "metadata")
        if metadata is None or _plugin(metadata) != "scalars":
            return
        if not module.context.executing_eagerly():
            sink.warn(
                "capture_tf_function",
                "what tf.summary writes inside of a tf.function is not captured: write it from outside, with the value "
                "that the function returns",
            )
            return
        if not bool(result):
            return  # nothing was written
        if data is _NOTHING:
            tensor = argument(args, kwargs, 1, "tensor")
            data = tensor() if callable(tensor) else tensor
        step = argument(args, kwargs, 2, "step")
        step = module.get_step() if step is None else step
        tag = (prefixes.get(module._summary_state.writer) or "") + argument(args, kwargs, 0, "tag")
        sink.scalar(SOURCE, tag, float(data), int(step))

    after(module, "create_file_writer_v2", SOURCE, opened)
    after(module, "write", SOURCE, written)


def wrap_scalar(module: Any) -> None:
    before(module, "scalar", SOURCE, _before_scalar)


def _before_scalar(args: tuple, kwargs: dict) -> None:
    # (name, data, step=None, ...)
    _given.data = _NOTHING if sink.is_inside() else argument(args, kwargs, 1, "data", _NOTHING)


def wrap_hparams(module: Any) -> None:
    after(module, "hparams", SOURCE, _hparams)


def _plugin(metadata: Any) -> str:
    if isinstance(metadata, bytes):
        return "scalars" if b"scalars" in metadata else ""
    return metadata.plugin_data.plugin_name


def _hparams(result: Any, args: tuple, kwargs: dict) -> None:
    values = argument(args, kwargs, 0, "hparams")
    sink.parameters(SOURCE, {str(getattr(key, "name", key)): value for key, value in values.items()})
