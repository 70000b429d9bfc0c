"""accelerate: what is logged to its trackers, also when there is none."""

from __future__ import annotations

from typing import Any

from .. import sink
from ..wrap import after, argument

SOURCE = "accelerate"


def wrap_log(module: Any) -> None:
    after(module.Accelerator, "log", SOURCE, _log)
    after(module.Accelerator, "init_trackers", SOURCE, _names)


def wrap_config(module: Any) -> None:
    after(module.Accelerator, "init_trackers", SOURCE, _config)


def _log(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, values, step=None, log_kwargs=None), which works in the main process only
    if args[0].is_main_process:
        sink.scalars(SOURCE, argument(args, kwargs, 1, "values"), argument(args, kwargs, 2, "step"))


def _names(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, project_name, config=None, init_kwargs=None)
    if not args[0].is_main_process:
        return
    wandb = (argument(args, kwargs, 3, "init_kwargs") or {}).get("wandb") or {}
    tags = wandb.get("tags") or ()
    labels = (tags,) if isinstance(tags, str) else tuple(tags)
    sink.library(SOURCE, sink.version_of("accelerate"), wandb.get("name"), labels, wandb.get("notes"))


def _config(result: Any, args: tuple, kwargs: dict) -> None:
    config = argument(args, kwargs, 2, "config")
    if config and args[0].is_main_process:
        sink.parameters(SOURCE, config)
