"""One imported run: its event file (docs/run-directory.md) with the original times, and what is to be said of it."""

from __future__ import annotations

import hashlib
import json
from json.encoder import encode_basestring_ascii as quoted

from ..events import MAX_LINE_BYTES, number_text, values_text
from ..harness.values import to_json, to_number
from ..metric_names import group_of, stored_name
from .records import About, Hyperparameters, Scalars

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any

MAX_NAMES = 10_000
MAX_BYTES = 1 << 30
"""Of one run's event file: what a pool takes."""
_LATEST = 32503680000.0
"""The year 3000: a later time is none."""
_MAX_STEP = float(1 << 63)
_MOST_LABELS, _LABEL_LENGTH = 50, 50


class RunWriter:
    """Writes what a reader finds. Times that a file does not say are those of the event before."""

    def __init__(self, path: str, library: str) -> None:
        self._file = open(path, "wb")
        self._library = library
        self._hash = hashlib.sha256()
        self._seq = 0
        self._time = 0.0
        self._places: dict = {}
        self._parameters: dict = {}
        self.parameters: dict = {}
        """As JSON, once it is closed."""
        self.name: str | None = None
        self.labels: list = []
        self.notes: str | None = None
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.points = 0
        self.bytes = 0
        self.problems: list = []
        self._said: set = set()

    @property
    def metrics(self) -> list:
        """`group/name` of each metric."""
        return sorted({"%s/%s" % place for place in self._places.values()})

    @property
    def digest(self) -> str:
        """SHA-256 of all that was written: the same source has the same one."""
        return self._hash.hexdigest()

    def take(self, found: Any, group: str | None = None) -> None:
        if isinstance(found, Scalars):
            self._scalars(found, group or found.group)
        elif isinstance(found, Hyperparameters):
            self._parameters.update(found.values)
        elif isinstance(found, About):
            self.name = found.name or self.name
            self.notes = found.notes or self.notes
            self.started_at = found.started_at or self.started_at
            self.ended_at = found.ended_at or self.ended_at
            for label in found.labels:
                self._label(label)

    def say(self, problem: str) -> None:
        """Shown on the run, once."""
        if problem not in self._said and len(self._said) < 50:
            self._said.add(problem)
            self.problems.append(problem)

    def close(self) -> None:
        """Writes what is only known at the end."""
        try:
            if self._parameters:
                self._params()
            about = '"type":"captured","library":%s,"version":"log files"' % quoted(self._library)
            if self.name:  # its place is no part of its content
                about += ',"name":%s' % quoted(stored_name(self.name))
            if self.labels:
                about += ',"labels":%s' % json.dumps(self.labels)
            self._append(about)
            for at, problem in enumerate(self.problems):
                self._append('"type":"warning","code":"import_%d","message":%s' % (at, quoted(problem[:1000])))
        finally:
            self._file.close()

    def _label(self, label: str) -> None:
        label = stored_name(label)[:_LABEL_LENGTH].strip()
        if label and label not in self.labels and len(self.labels) < _MOST_LABELS:
            self.labels.append(label)

    def _scalars(self, found: Scalars, group: str | None) -> None:
        step = found.step
        if step - step != 0 or not -_MAX_STEP <= step <= _MAX_STEP:
            self.say("points whose step is no number are left out")
            return
        if found.time is not None and 0 < found.time < _LATEST:
            self._time = float(found.time)
            self._span()
        groups: dict = {}
        for name, value in found.values.items():
            place = self._places.get((group, name)) or self._place(group, name)
            if place is not None:
                groups.setdefault(place[0], {})[place[1]] = to_number(float(value) if isinstance(value, bool) else value)
        for of_group, values in groups.items():
            body = '"type":"metrics","group":%s,"step":%s,"values":%s' % (
                quoted(of_group),
                number_text(step),
                values_text(values),
            )
            if self._append(body):
                self.points += len(values)

    def _span(self) -> None:
        if self.started_at is None or self._time < self.started_at:
            self.started_at = self._time
        if self.ended_at is None or self._time > self.ended_at:
            self.ended_at = self._time

    def _place(self, group: str | None, name: str) -> tuple | None:
        if len(self._places) >= MAX_NAMES:
            self.say("more than %d metrics: the others are left out" % MAX_NAMES)
            return None
        place = self._places[group, name] = (group or group_of(name), stored_name(name))
        return place

    def _params(self) -> None:
        origin: dict = {}
        values = self.parameters
        for name, value in self._parameters.items():
            try:
                values[name] = to_json(value)
            except (TypeError, ValueError, RecursionError):
                self.say("a parameter that is no JSON is left out")
                continue
            _origins(name, values[name], origin)
        body = '"type":"params","values":%s,"origin":%s' % (json.dumps(values), json.dumps(origin))
        if not self._append(body):
            self.say("its parameters are left out: they are larger than 1 MiB")

    def _append(self, body: str) -> bool:
        line = ('{"seq":%d,"t":%.6f,%s}\n' % (self._seq + 1, self._time or self.started_at or 0.0, body)).encode("ascii")
        if len(line) > MAX_LINE_BYTES:
            return False
        if self.bytes + len(line) > MAX_BYTES - MAX_LINE_BYTES and '"metrics"' in body:
            self.say("it has more points than a pool takes at once: the last of them are left out")
            return False
        self._file.write(line)
        self._hash.update(line)
        self._seq += 1
        self.bytes += len(line)
        return True


def _origins(name: str, value: Any, origin: dict) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _origins("%s.%s" % (name, key), inner, origin)
    else:
        origin[name] = "captured"
