"""W&B's .wandb files: the framing of LevelDB's log with CRC-32, in it Records of W&B's protocol buffers.

What each record is: history (numbers of a step), config, summary, run (name, project, tags), metric (which metric is whose
x axis). Read as W&B 0.12 to 0.31 write them.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib

from .records import About, Hyperparameters, Problem, Scalars
from .wire import BadMessage, double, fields, message, signed, text, zigzag

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterator

SUFFIX = ".wandb"
MAX_RECORD_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 32768
_FRAME = struct.Struct("<IHB")
_FILE_HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_KIND_CHECKSUMS = {kind: zlib.crc32(bytes([kind])) for kind in (_FULL, _FIRST, _MIDDLE, _LAST)}

_HISTORY, _CONFIG, _METRIC, _RUN, _EXIT = 2, 5, 12, 17, 18
_MAX_JSON = 1024 * 1024
_MAX_DEPTH = 8
_MAX_AXES = 1000


class WandbFile:
    """One file, read from `offset` on, as often as it has grown. What is damaged is passed over to the next block."""

    def __init__(self, path: str, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        """After the last whole record that was given out."""
        self.problem: str | None = None
        self.is_damaged = False
        """It is no .wandb file at all."""
        self.skipped = 0
        """How many damaged places were passed over."""

    def records(self, most: int = sys.maxsize) -> Iterator[bytes]:
        """Each whole record from `offset` on, `most` of them. Raises OSError."""
        self.problem = None
        if self.is_damaged:
            return
        with open(self.path, "rb") as file:
            if self.offset == 0:
                header = file.read(len(_FILE_HEADER))
                if header != _FILE_HEADER[: len(header)]:
                    self.problem = "it is not a file of W&B's"
                    self.is_damaged = True
                    return
                if len(header) < len(_FILE_HEADER):
                    self.problem = "cut off at byte 0"
                    return
                self.offset = len(header)
            for count, record in enumerate(self._frames(file), 1):
                yield record
                if count >= most:
                    return

    def _frames(self, file: Any) -> Iterator[bytes]:
        at = self.offset
        file.seek(at)
        size = os.fstat(file.fileno()).st_size
        parts: list = []
        length = 0
        is_open = False
        while True:
            left = _BLOCK_BYTES - at % _BLOCK_BYTES
            if left < _FRAME.size:
                at += left
                file.seek(at)
                continue
            head = file.read(_FRAME.size)
            if len(head) < _FRAME.size:
                break
            checksum, count, kind = _FRAME.unpack(head)
            is_whole = kind in _KIND_CHECKSUMS and count <= left - _FRAME.size
            if is_whole:
                data = file.read(count)
                if len(data) < count:
                    break
                is_whole = zlib.crc32(data, _KIND_CHECKSUMS[kind]) == checksum
            if not is_whole:
                after = at + left
                if after >= size and not head.strip(b"\0"):
                    break  # room that was made and not filled
                self.skipped += 1
                parts, length, is_open = [], 0, False
                if after >= size:
                    self.problem = "damaged at byte %d" % at
                    self.offset = size
                    return
                at = self.offset = after
                file.seek(at)
                continue
            at += _FRAME.size + count
            if kind in (_FULL, _FIRST):
                parts, length, is_open = [], 0, True
            length += count
            if length <= MAX_RECORD_BYTES and is_open:
                parts.append(data)
            if kind in (_FULL, _LAST):
                record = b"".join(parts) if is_open and length <= MAX_RECORD_BYTES else None
                parts, length, is_open = [], 0, False
                self.offset = at
                if record is not None:
                    yield record
        if self.offset < size:
            self.problem = "cut off at byte %d" % self.offset


class WandbRun:
    """Turns the records of one run into what they say, in order; it remembers which metric is the x axis of which."""

    def __init__(self, file: WandbFile) -> None:
        self._file = file
        self._axes: dict = {}
        self._patterns: list = []
        self._last: dict = {}
        self._step = -1

    def read(self, most: int = sys.maxsize) -> Iterator[Any]:
        """What is new, in `most` records: Scalars, Hyperparameters, About. Raises OSError."""
        for record in self._file.records(most):
            try:
                yield from self._record(record)
            except (BadMessage, RecursionError):
                continue

    def problem(self) -> Problem | None:
        if self._file.problem is not None:
            return Problem(self._file.problem)
        count = self._file.skipped
        return Problem("%d damaged place%s passed over" % (count, " was" if count == 1 else "s were")) if count else None

    def _record(self, record: bytes) -> Iterator[Any]:
        for number, _, value in fields(record):
            if number == _HISTORY:
                yield from self._history(message(value))
            elif number == _CONFIG:
                yield from _config(message(value))
            elif number == _METRIC:
                self._metric(message(value))
            elif number == _RUN:
                yield from _run(message(value))

    def _history(self, history: bytes) -> Iterator[Scalars]:
        found: dict = {}
        step = None
        for number, _, value in fields(history):
            if number == 1:
                keys, item = _item(message(value))
                _flatten(".".join(keys), item, found, 0)
            elif number == 2:
                step = next((signed(data) for inner, _, data in fields(message(value)) if inner == 1), 0)
        own_step = found.pop("_step", None)
        step = own_step if own_step is not None else step
        self._step = step if step is not None else self._step + 1
        time = found.pop("_timestamp", None)
        numbers = {name: value for name, value in found.items() if not name.startswith("_")}
        by_step: dict = {}
        for name, value in numbers.items():
            axis = self._axis_of(name)
            if axis is not None:
                if axis in numbers:
                    self._last[axis] = numbers[axis]
                by_step.setdefault(self._last.get(axis, self._step), {})[name] = value
            else:
                by_step.setdefault(self._step, {})[name] = value
        for at, values in by_step.items():
            yield Scalars(time, at, values)

    def _axis_of(self, name: str) -> str | None:
        if name in self._axes:
            axis = self._axes[name]
        else:
            axis = next((of for start, of in self._patterns if name.startswith(start)), None)
        return None if axis == name else axis

    def _metric(self, metric: bytes) -> None:
        name = glob = axis = ""
        for number, _, value in fields(metric):
            if number == 1:
                name = text(value)
            elif number == 2:
                glob = text(value)
            elif number == 4:
                axis = text(value)
        axis = _plain_key(axis)
        if not axis or axis == "_step" or len(self._axes) + len(self._patterns) >= _MAX_AXES:
            return
        if glob:
            self._patterns.append((_plain_key(glob.partition("*")[0]), axis))  # it may only end in a star
        elif name:
            self._axes[_plain_key(name)] = axis


def _plain_key(name: str) -> str:
    """W&B escapes the dots that are no nesting."""
    return name.replace("\\.", ".")


def _item(item: bytes) -> tuple:
    """(path of keys, JSON value or a plain one) of one item of a history, a config or a summary."""
    key, nested, value = "", [], None
    for number, _, data in fields(item):
        if number == 1:
            key = text(data)
        elif number == 2:
            nested.append(text(data))
        elif number == 4:
            value = bool(data)
        elif number == 5 and isinstance(data, int):
            value = zigzag(data)
        elif number == 6:
            value = double(data)
        elif number == 7:
            value = text(data)
        elif number in (8, 16):
            value = _json(message(data))
    return (nested or [key], value)


def _json(data: bytes) -> Any:
    if len(data) > _MAX_JSON:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _flatten(name: str, value: Any, found: dict, depth: int) -> None:
    """The numbers in a value of a history, a nested one's by dotted names; a picture or a table has none."""
    if isinstance(value, dict):
        if "_type" in value or depth > _MAX_DEPTH:
            return
        for key, inner in value.items():
            _flatten("%s.%s" % (name, key), inner, found, depth + 1)
    elif isinstance(value, (int, float)):
        found[name] = value
    elif value in ("NaN", "Infinity", "-Infinity"):
        found[name] = float(value)


def _config(config: bytes) -> Iterator[Hyperparameters]:
    values: dict = {}
    for number, _, value in fields(config):
        if number != 1:
            continue
        keys, item = _item(message(value))
        if not keys[0] or keys[0] == "_wandb" or item is None:
            continue
        at = values
        for key in keys[:-1][:_MAX_DEPTH]:
            inner = at.setdefault(key, {})
            at = inner if isinstance(inner, dict) else {}
        at[keys[-1]] = item
    if values:
        yield Hyperparameters(values)


def _run(run: bytes) -> Iterator[Any]:
    about = About()
    run_id = ""
    for number, _, value in fields(run):
        if number == 1:
            run_id = text(value)
        elif number == 4:
            yield from _config(message(value))
        elif number in (3, 6, 7) and value:
            label = text(value)
            if label != "uncategorized":
                about.labels.append(label)
        elif number == 8:
            about.name = text(value)
        elif number == 9:
            about.notes = text(value)
        elif number == 10:
            about.labels.append(text(value))
        elif number == 17:
            parts = {inner: data for inner, _, data in fields(message(value)) if isinstance(data, int)}
            about.started_at = parts.get(1, 0) + parts.get(2, 0) / 1e9
    about.name = about.name or run_id or None
    yield about
