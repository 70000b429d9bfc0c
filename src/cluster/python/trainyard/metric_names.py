"""How the name of a metric, as a library or a file has it, is stored."""

from __future__ import annotations

import re

STEP_NAMES = ("global_step", "step", "iteration", "iter", "epoch")
"""What a script's own words and logs call the x; of several the first of these."""
_VALIDATION = re.compile(r"(?:^|[_/. -])(?:val|valid|validation|test|eval)(?:[_/. -]|$)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_NAME_LENGTH = 250


def group_of(name: str) -> str:
    """`validation` for names with the word val, valid, validation, test or eval; else `training`."""
    return "validation" if _VALIDATION.search(name) else "training"


def stored_name(name: str) -> str:
    """On one line, and no longer than 250 characters."""
    return _CONTROL.sub(" ", name).strip()[:_NAME_LENGTH] or "(no name)"
