"""torch.utils.tensorboard: SummaryWriter's scalars and hyperparameters, as they are added."""

from __future__ import annotations

from typing import Any

from .. import sink
from ..wrap import after, argument

SOURCE = "torch.utils.tensorboard"


def wrap_writer(module: Any) -> None:
    writer = module.SummaryWriter
    after(writer, "__init__", SOURCE, _init)
    after(writer, "add_scalar", SOURCE, _scalar)
    after(writer, "add_scalars", SOURCE, _scalars)
    after(writer, "add_hparams", SOURCE, _hparams)


def _init(result: Any, args: tuple, kwargs: dict) -> None:
    sink.library(SOURCE, sink.version_of("tensorboard"))


def _scalar(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, tag, scalar_value, global_step=None, ...)
    if len(args) > 3:
        sink.scalar(SOURCE, args[1], args[2], args[3])
    else:
        tag = argument(args, kwargs, 1, "tag")
        sink.scalar(SOURCE, tag, argument(args, kwargs, 2, "scalar_value"), argument(args, kwargs, 3, "global_step"))


def _scalars(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, main_tag, tag_scalar_dict, global_step=None, ...)
    main = argument(args, kwargs, 1, "main_tag")
    values = argument(args, kwargs, 2, "tag_scalar_dict")
    step = argument(args, kwargs, 3, "global_step")
    sink.scalars(SOURCE, {"%s/%s" % (main, name): value for name, value in values.items()}, step)


def _hparams(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, hparam_dict, metric_dict, ...)
    sink.parameters(SOURCE, argument(args, kwargs, 1, "hparam_dict"))
    metrics = argument(args, kwargs, 2, "metric_dict")
    sink.scalars(SOURCE, metrics, argument(args, kwargs, 5, "global_step", 0))
