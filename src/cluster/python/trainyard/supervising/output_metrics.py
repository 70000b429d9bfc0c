"""Metrics out of a script's output: lines that name a step or an epoch and numbers.

    {"epoch": 3, "loss": 0.21}        a JSON object (or a Python one, as Hugging Face's Trainer prints it)
    Epoch 3/10 - loss: 0.21 - val_loss: 0.3
    step=300 lr=1e-3 loss=0.21

Lines end at a newline or a carriage return (progress bars: only the last state of each step counts). Binary and
endless lines cost a search and no memory.
"""

from __future__ import annotations

import ast
import json
import re

from ..metric_names import STEP_NAMES, group_of

MAX_LINE_BYTES = 16 * 1024
MAX_NAMES = 200
MAX_BRACKETS = 64
MAX_INTEGER = 1 << 63
"""A longer row of digits is an identifier; as a float it would not even be finite."""

_HINT = re.compile(rb"step|epoch|iter", re.IGNORECASE)
_END = re.compile(rb"[\r\n]")
_STEP = re.compile(
    r"\b(global_step|step|iteration|iter|epoch)\b['\"]?\s*[:=#\[(]?\s*(\d+(?:\.\d+)?)(?![\w%])", re.IGNORECASE
)
_PAIR = re.compile(
    r"(?:\b(?i:(train|training|val|valid|validation|test|eval|avg|mean|best))[ _]+)?"
    r"(?<![\w.])([A-Za-z_][\w./@-]{0,99})['\"]?\s*[:=]\s*"
    r"([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf|NaN|Infinity))(?=$|[\s,;|)\]}%'\"])"
)


class OutputMetrics:
    """Feed it bytes of one stream as they come; it gives back (group, step, values) for each line that has them. What
    it gives back depends on the bytes alone, not on the pieces that they come in: an adopter counts on it."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False
        self._overwritten: tuple | None = None
        self._names: set = set()

    def feed(self, data: bytes) -> list:
        found: list = []
        if self._skipping:
            end = _END.search(data)
            if not end:
                return found
            data = data[end.start() :]
            self._skipping = False
        data = self._rest + data
        # A carriage return at the very end may be half of "\r\n": the next byte tells what it ends.
        sure = len(data) - data.endswith(b"\r")
        last = max(data.rfind(b"\n", 0, sure), data.rfind(b"\r", 0, sure)) + 1
        self._rest = data[last:]
        if sure - last > MAX_LINE_BYTES:
            self._rest = data[sure:]
            self._skipping = not self._rest
        self._lines(data[:last], found)
        return found

    def skip(self) -> None:
        """Bytes are left out here: what comes next is the rest of some line."""
        self._rest = b""
        self._skipping = True

    def finish(self) -> list:
        """What the last line, without its end, and an overwritten state still hold."""
        found: list = []
        self._lines(self._rest + b"\n", found)
        self._rest = b""
        self._settle(found)
        return found

    def _lines(self, data: bytes, found: list) -> None:
        """Only lines with a hint of a step are cut out: output without costs one pass in C."""
        at = 0
        while True:
            hint = _HINT.search(data, at)
            if not hint:
                return
            start = max(data.rfind(b"\n", at, hint.start()) + 1, data.rfind(b"\r", at, hint.start()) + 1, at)
            end = _END.search(data, hint.end())
            at = end.end() if end else len(data)
            line = data[start : end.start() if end else len(data)]
            if len(line) > MAX_LINE_BYTES or b"\0" in line:
                continue
            parsed = parse_line(line.decode("utf-8", "replace"))
            parsed = self._known(parsed) if parsed else None
            if not parsed:
                continue
            carriage_return = end is not None and end.group() == b"\r" and data[end.end() : end.end() + 1] != b"\n"
            if self._overwritten and (self._overwritten[0] != parsed[0] or not carriage_return):
                if self._overwritten[0] != parsed[0]:
                    self._settle(found)
                self._overwritten = None
            if carriage_return:
                self._overwritten = parsed
            else:
                _emit(parsed, found)

    def _settle(self, found: list) -> None:
        if self._overwritten:
            _emit(self._overwritten, found)
            self._overwritten = None

    def _known(self, parsed: tuple) -> tuple | None:
        step, values = parsed
        kept = {}
        for name, value in values.items():
            if name in self._names or len(self._names) < MAX_NAMES:
                self._names.add(name)
                kept[name] = value
        return (step, kept) if kept else None


def parse_line(line: str) -> tuple | None:
    """(step, values) of one line, or None."""
    line = line.strip()
    return (_parse_object(line) if line.startswith("{") else None) or _parse_text(line)


def _parse_object(line: str) -> tuple | None:
    if sum(line.count(bracket) for bracket in "{[(") > MAX_BRACKETS:
        return None  # deep nesting is a way to bring down a parser
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(line)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    if not isinstance(value, dict):
        return None
    numbers = {k: v for k, v in value.items() if isinstance(k, str) and _is_number(v)}
    lowered = {name.lower(): name for name in numbers}
    for name in STEP_NAMES:
        if name in lowered:
            step = numbers[lowered[name]]
            values = {k: v for k, v in numbers.items() if k.lower() not in STEP_NAMES and _is_name(k)}
            return (step, values) if values and _is_step(step) else None
    return None


def _parse_text(line: str) -> tuple | None:
    steps = {match.group(1).lower(): float(match.group(2)) for match in reversed(list(_STEP.finditer(line)))}
    name = next((name for name in STEP_NAMES if name in steps), None)
    if name is None or not _is_step(steps[name]):
        return None
    values = {}
    for qualifier, metric, number in _PAIR.findall(line):
        if metric.lower() in STEP_NAMES or metric.lower() + "s" in STEP_NAMES:
            continue
        metric = metric.rstrip("-./")
        values["%s_%s" % (qualifier.lower(), metric.lower()) if qualifier else metric] = float(number)
    step = steps[name]
    return (int(step) if step == int(step) else step, values) if values else None


def _is_number(value: object) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < MAX_INTEGER)


def _is_step(step: float) -> bool:
    return abs(step) < MAX_INTEGER


def _emit(parsed: tuple, found: list) -> None:
    step, values = parsed
    for group in ("training", "validation"):
        of_group = {name: value for name, value in values.items() if group_of(name) == group}
        if of_group:
            found.append((group, step, of_group))


def _is_name(name: str) -> bool:
    return 0 < len(name) <= 250 and name.isprintable()
