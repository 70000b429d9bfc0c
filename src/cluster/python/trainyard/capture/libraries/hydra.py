"""Hydra: the composed configuration, without Hydra's own; what the command line overrides has the origin `flag`."""

from __future__ import annotations

import sys
from typing import Any

from .. import sink
from ..wrap import argument, before

SOURCE = "hydra"


def wrap_utils(module: Any) -> None:
    before(module, "run_job", SOURCE, _before_job)


def _before_job(args: tuple, kwargs: dict) -> None:
    # (task_function, config, ...)
    config = argument(args, kwargs, 1, "config")
    values = {}
    for name in config:
        if name != "hydra":
            found = _plain(config, name)
            if found is not None:
                values[str(name)] = found[0]
    words = list(config.hydra.overrides.task)
    sink.library(SOURCE, sink.version_of("hydra"))
    given = {word.partition("=")[0].lstrip("+~").partition("@")[0] for word in words}
    sink.parameters(SOURCE, _only(values, given), "flag")
    sink.parameters(SOURCE, values)


def _plain(config: Any, name: Any) -> Any:
    """A tuple with the value, or None for one that is missing; unresolved where it cannot be resolved yet."""
    omegaconf = sys.modules["omegaconf"]
    try:
        value = config[name]
    except Exception:
        return None
    if not omegaconf.OmegaConf.is_config(value):
        return (value,)
    try:
        return (omegaconf.OmegaConf.to_container(value, resolve=True),)
    except Exception:
        return (omegaconf.OmegaConf.to_container(value, resolve=False),)


def _only(values: dict, given: set, where: str = "") -> dict:
    """Those of a command line: `model.lr`, and all of what is below `model`."""
    found = {}
    for name, value in values.items():
        at = where + str(name)
        if at in given:
            found[name] = value
        elif isinstance(value, dict):
            below = _only(value, given, at + ".")
            if below:
                found[name] = below
    return found
