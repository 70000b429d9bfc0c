"""Metrics as the bodies of event lines, formatted by hand: a report costs microseconds."""

from __future__ import annotations

from collections.abc import Iterator
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Callable, Dict, List, Mapping, Sequence, Set, Tuple

from ..events import MAX_LINE_BYTES, number_text
from .values import check_group, check_name, to_json, to_number, to_step

MAX_METRIC_NAMES = 10_000
"""Of one process, over all groups. Beyond, the pool and its pages would draw nobody a picture."""
_MAX_BODY = MAX_LINE_BYTES - 100  # seq and t come in front


class _Group:
    __slots__ = ("head", "keys", "last")

    def __init__(self, name: str) -> None:
        self.head = '"type":"metrics","group":%s,"step":' % quoted(name)
        self.keys: Dict[str, str] = {}
        """Each name, encoded once; "" for a name that cannot be one."""
        self.last: Dict[str, Tuple[float, float]] = {}
        """Step and value, as reported last."""


class Metrics:
    """Remembers the encoded names and the last value of each."""

    def __init__(self, warn: Callable[[str, str], None]) -> None:
        self._warn = warn
        self._groups: Dict[str, _Group] = {}
        self._refused: Set[str] = set()
        self._has_bad_step = False
        self._names = 0
        self.highest_step: float | None = None
        """Of all groups; None before the first report."""
        self._left_out = 0
        """Values under names beyond the limit."""

    def encode(self, step: Any, values: Mapping[str, Any], group: str) -> Sequence[str]:
        """The event bodies for one report: none without values, one, or several when a line would be over 1 MiB."""
        state = self._groups.get(group)
        if state is None:
            state = self._groups[group] = _Group(check_group(group))
        keys = state.keys
        last = state.last
        if type(step) is int:
            at = repr(step)
        else:
            try:
                step = to_step(step)
            except ValueError as error:  # a step that was computed and overflowed: training goes on
                self._warn_of_step(error)
                return ()
            at = number_text(step)
        head = state.head + at + ',"values":{'
        parts: List[str] = []
        for name, value in values.items():
            key = keys.get(name)
            if key is None:
                key = self._encode_name(name, keys)
            if type(value) is float and value - value == 0.0:  # finite: what almost all of them are
                text = repr(value)
            else:
                number = self._number(name, value)
                if number is None:
                    continue
                value = number
                text = number_text(number)
            if key:
                parts.append(key + text)
                last[name] = (step, value)
        if not parts:
            return ()
        if self.highest_step is None or step > self.highest_step:
            self.highest_step = step
        body = head + ",".join(parts) + "}"
        return (body,) if len(body) < _MAX_BODY else list(_split(head, parts))

    def last(self, step: float) -> Dict[str, Any]:
        """The last value of each metric, by "<group>/<name>", but for those of later steps than `step`."""
        found = {}
        for group, state in list(self._groups.items()):
            for name, (at, value) in list(state.last.items()):
                if at <= step:
                    found["%s/%s" % (group, name)] = to_json(value)
        return found

    def knows(self, name: str, group: str) -> bool:
        """Whether a metric of that name was reported."""
        state = self._groups.get(group)
        return state is not None and name in state.keys

    def close(self) -> None:
        """Says how much was left out."""
        if self._left_out:
            self._warn("metric_names_total", "%d values under further names were left out" % self._left_out)

    def _encode_name(self, name: str, keys: Dict[str, str]) -> str:
        if self._names >= MAX_METRIC_NAMES:
            if not self._left_out:
                self._warn(
                    "metric_names",
                    "a run has at most %d names of metrics: %.80r and all further ones are left out" % (MAX_METRIC_NAMES, name),
                )
            self._left_out += 1
            return ""
        self._names += 1
        try:
            key = quoted(check_name(name)) + ":"
        except ValueError as error:
            self._warn("metric_name %.60s" % name, str(error))
            key = ""
        keys[name] = key
        return key

    def _number(self, name: str, value: Any) -> Any:
        try:
            return to_number(value)
        except Exception as error:  # a foreign object's .item() may raise anything; training goes on
            if name not in self._refused and len(self._refused) < MAX_METRIC_NAMES:
                self._refused.add(name)
                self._warn("metric_value %.60s" % name, "the metric %r was left out: %s" % (name, error))
            return None

    def _warn_of_step(self, error: ValueError) -> None:
        if not self._has_bad_step:
            self._has_bad_step = True
            self._warn("metric_step", "a report was left out: %s" % error)


def _split(head: str, parts: List[str]) -> Iterator[str]:
    some: List[str] = []
    size = len(head)
    for part in parts:
        if some and size + len(part) + 2 > _MAX_BODY:
            yield head + ",".join(some) + "}"
            some, size = [], len(head)
        some.append(part)
        size += len(part) + 1
    yield head + ",".join(some) + "}"
