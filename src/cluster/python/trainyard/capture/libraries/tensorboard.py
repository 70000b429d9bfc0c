"""SummaryWriter's scalars and hyperparameters: torch.utils.tensorboard's, and tensorboardX's, with the same methods."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from .. import sink
from ..wrap import after, argument
from .several import Folders


def wrap_writer(module: Any) -> None:
    _wrap(module.SummaryWriter, "torch.utils.tensorboard", "tensorboard", 5)


def wrap_tensorboard_x(module: Any) -> None:
    _wrap(module.SummaryWriter, "tensorboardX", "tensorboardX", 4)


def _wrap(writer: Any, source: str, package: str, hparams_step: int) -> None:
    """`hparams_step` is the position of add_hparams's global_step."""
    folders = Folders()
    prefixes: WeakKeyDictionary = WeakKeyDictionary()

    def init(result: Any, args: tuple, kwargs: dict) -> None:
        sink.library(source, sink.version_of(package))
        folder = getattr(args[0], "log_dir", None) or getattr(args[0], "logdir", None)
        prefixes[args[0]] = folders.prefix(str(folder)) if folder else ""

    def scalar(result: Any, args: tuple, kwargs: dict) -> None:
        # (self, tag, scalar_value, global_step=None, ...)
        prefix = prefixes.get(args[0])
        if len(args) > 3:
            sink.scalar(source, prefix + args[1] if prefix else args[1], args[2], args[3])
        else:
            tag = (prefix or "") + argument(args, kwargs, 1, "tag")
            value = argument(args, kwargs, 2, "scalar_value")
            sink.scalar(source, tag, value, argument(args, kwargs, 3, "global_step"))

    def scalars(result: Any, args: tuple, kwargs: dict) -> None:
        # (self, main_tag, tag_scalar_dict, global_step=None, ...)
        main = (prefixes.get(args[0]) or "") + argument(args, kwargs, 1, "main_tag")
        values = argument(args, kwargs, 2, "tag_scalar_dict")
        step = argument(args, kwargs, 3, "global_step")
        sink.scalars(source, {"%s/%s" % (main, name): value for name, value in values.items()}, step)

    def hparams(result: Any, args: tuple, kwargs: dict) -> None:
        # (self, hparam_dict, metric_dict, ...)
        sink.parameters(source, argument(args, kwargs, 1, "hparam_dict"))
        step = argument(args, kwargs, hparams_step, "global_step")
        sink.scalars(source, argument(args, kwargs, 2, "metric_dict"), 0 if step is None else step)

    after(writer, "__init__", source, init)
    after(writer, "add_scalar", source, scalar)
    after(writer, "add_scalars", source, scalars)
    after(writer, "add_hparams", source, hparams)
