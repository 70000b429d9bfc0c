"""absl.flags: those that the script's own files define, not those of absl and other libraries."""

from __future__ import annotations

import sys
from typing import Any

from .. import sink
from ..wrap import after, argument
from .command_line import is_own, is_own_file, plain

SOURCE = "absl"


def wrap_flags(module: Any) -> None:
    after(module.FlagValues, "__call__", SOURCE, _parsed)


def _parsed(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, argv, known_only=False)
    if list(argument(args, kwargs, 1, "argv")) != sys.argv or not is_own():
        return
    flags: dict = {}
    defaults: dict = {}
    for name, defined in args[0].flags_by_module_dict().items():
        if name == sys.argv[0] or name == "__main__" or is_own_file(getattr(sys.modules.get(name), "__file__", None)):
            for flag in defined:
                (flags if flag.present else defaults)[flag.name] = plain(flag.value)
    sink.parameters(SOURCE, defaults, "default")
    sink.parameters(SOURCE, flags, "flag")
