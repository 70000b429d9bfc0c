"""What scripts hand in as numbers and metadata, turned into what JSON can hold."""

from __future__ import annotations

import math
import re
from typing import Any

MAX_METRIC_NAME = 250
MAX_DEPTH = 100
_GROUP = re.compile(r"[^.\x00-\x1f]{1,64}\Z")
_CONTROL = re.compile(r"[\x00-\x1f]")


def to_number(value: Any) -> float | int:
    """A float or an int for anything that is one number: numpy scalars, 0-d tensors, Decimal. Else TypeError."""
    kind = type(value)
    if kind is float or kind is int:
        return _bounded(value)
    if isinstance(value, bool) or value is None or isinstance(value, (str, bytes, complex)):
        raise TypeError("%s is not a number" % _shown(value))
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        raise TypeError("%s is not one number; report each of its numbers under a name of its own" % _shown(value))
    item = getattr(value, "item", None)
    if callable(item):
        try:
            value = item()
        except (ValueError, RuntimeError, TypeError):
            shape = tuple(getattr(value, "shape", ()))
            raise TypeError("an array of shape %s is not one number; report its mean, say" % (shape,)) from None
        if isinstance(value, (bool, str, bytes, complex, type(None))):
            raise TypeError("%s is not a number" % _shown(value))
    if isinstance(value, int):
        return _bounded(int(value))
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError("%s is not a number" % _shown(value)) from None


def _bounded(value: float | int) -> float | int:
    if isinstance(value, int) and abs(value) > 1 << 63:
        return float(value) if abs(value) < 1 << 1023 else (math.inf if value > 0 else -math.inf)
    return value


def to_step(step: object) -> float | int:
    """TypeError for what is not a number, ValueError for NaN and the infinities: they have no place on an axis."""
    try:
        number = to_number(step)
    except TypeError as error:
        raise TypeError("step: %s" % error) from None
    if not math.isfinite(number):
        raise ValueError("step: %s is not a finite number" % number)
    return number


def check_group(group: object) -> str:
    if not isinstance(group, str) or not _GROUP.match(group):
        raise ValueError("group: 1 to 64 characters without '.', not %s" % _shown(group))
    return group


def check_name(name: object) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_METRIC_NAME or _CONTROL.search(name):
        raise ValueError("a metric's name has 1 to %d printable characters, not %s" % (MAX_METRIC_NAME, _shown(name)))
    return name


def to_json(value: Any, where: str = "", depth: int = 0) -> object:
    """JSON for metadata and parameters; NaN and infinities become strings. TypeError for what JSON cannot hold, and for
    what is nested deeper than 100."""
    if depth > MAX_DEPTH:
        raise TypeError("%.80s...: nested deeper than %d" % (where.lstrip("."), MAX_DEPTH))
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, dict) or (hasattr(value, "keys") and hasattr(value, "__getitem__")):
        return {str(key): to_json(value[key], "%s.%s" % (where, key), depth + 1) for key in value.keys()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item, "%s[%d]" % (where, i), depth + 1) for i, item in enumerate(value)]
    if callable(getattr(value, "__fspath__", None)):
        return str(value)
    if getattr(value, "ndim", 0) and callable(getattr(value, "tolist", None)):
        return to_json(value.tolist(), where, depth + 1)
    item = getattr(value, "item", None)
    if callable(item):
        plain = item()
        if isinstance(plain, (bool, str)):
            return plain
    try:
        number = to_number(value)
    except TypeError:
        raise TypeError("%s: JSON cannot hold %s" % (where.lstrip("."), _shown(value))) from None
    if isinstance(number, float) and not math.isfinite(number):
        return "NaN" if number != number else ("Infinity" if number > 0 else "-Infinity")
    return number


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:  # a foreign object's __repr__ may raise anything
        text = "<%s>" % type(error).__name__
    return "%s (%s)" % (text if len(text) <= 60 else text[:57] + "...", type(value).__name__)
