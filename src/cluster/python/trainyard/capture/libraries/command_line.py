"""Which parsing of a command line is the script's: not that of torchrun, of a helper, or of a library's own tools."""

from __future__ import annotations

import os
import sys
from typing import Any


def is_own() -> bool:
    """Whether the main module of this process is a person's script, and not an installed program."""
    return is_own_file(getattr(sys.modules.get("__main__"), "__file__", None))


def is_own_file(path: str | None) -> bool:
    """A file of the working tree, or a Python file that was not installed."""
    if not path:
        return False
    real = os.path.realpath(path)
    if "site-packages" in real or "dist-packages" in real:
        return False
    if _is_below(real, os.path.join(os.environ.get("TRAINYARD_RUN_DIR", ""), "work")):
        return True
    return real.endswith(".py") and not any(_is_below(real, place) for place in (sys.prefix, sys.base_prefix))


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.realpath(folder).rstrip(os.sep) + os.sep)


def arguments() -> list:
    """The words of this process's command line."""
    return sys.argv[1:]


def plain(value: Any) -> Any:
    """A member of an enumeration by its name."""
    enum = sys.modules.get("enum")
    return value.name if enum is not None and isinstance(value, enum.Enum) else value
