"""click (and typer): the parameters of the commands that the script's command line names."""

from __future__ import annotations

from typing import Any

from .. import sink
from ..wrap import after
from .command_line import is_own, plain

SOURCE = "click"


def wrap_command(module: Any) -> None:
    after(module.Command, "make_context", SOURCE, _made)


def _made(result: Any, args: tuple, kwargs: dict) -> None:
    if result.resilient_parsing or not is_own():
        return
    flags: dict = {}
    defaults: dict = {}
    for param in result.command.params:
        if param.name not in result.params or getattr(param, "hide_input", False):
            continue
        source = result.get_parameter_source(param.name)
        is_default = source is None or source.name.startswith("DEFAULT")
        (defaults if is_default else flags)[param.name] = plain(result.params[param.name])
    sink.parameters(SOURCE, defaults, "default")
    sink.parameters(SOURCE, flags, "flag")
