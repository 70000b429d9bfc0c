"""Determined's client of its master, which a pool does not have: importing it works, using it says what there is instead."""

from __future__ import annotations

from typing import Any

_INSTEAD = (
    "determined.experimental.client.%s: there is no Determined master here. Use the command line: trainyard submit, list, show, "
    "metrics, checkpoints, restore, stop (each with --json), or the editor"
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Missing(name)


class _Missing:
    """A function or a class that is not here."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError(_INSTEAD % self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(_INSTEAD % ("%s.%s" % (self._name, name)))
