"""tf.summary: scalars that are written eagerly. Inside of a tf.function a value is known to the graph only."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from .. import sink
from ..wrap import after, argument
from .several import Folders

SOURCE = "tf.summary"


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
        tensor = argument(args, kwargs, 1, "tensor")
        step = argument(args, kwargs, 2, "step")
        step = module.get_step() if step is None else step
        tag = (prefixes.get(module._summary_state.writer) or "") + argument(args, kwargs, 0, "tag")
        sink.scalar(SOURCE, tag, float(tensor() if callable(tensor) else tensor), int(step))

    after(module, "create_file_writer_v2", SOURCE, opened)
    after(module, "write", SOURCE, written)


def wrap_hparams(module: Any) -> None:
    after(module, "hparams", SOURCE, _hparams)


def _plugin(metadata: Any) -> str:
    if isinstance(metadata, bytes):
        return "scalars" if b"scalars" in metadata else ""
    return metadata.plugin_data.plugin_name


def _hparams(result: Any, args: tuple, kwargs: dict) -> None:
    values = argument(args, kwargs, 0, "hparams")
    sink.parameters(SOURCE, {str(getattr(key, "name", key)): value for key, value in values.items()})
