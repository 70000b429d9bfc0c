"""Scalars and hyperparameters in TensorBoard's event files, of TensorFlow 1 and 2, PyTorch and tensorboardX."""

from __future__ import annotations

import struct
import sys

from .records import Hyperparameters, Scalars
from .tfrecords import RecordFile
from .wire import BYTES, BadMessage, double, fields, message, signed, single, text

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterator

PREFIX = "events.out.tfevents."
_HPARAMS_TAG = "_hparams_/session_start_info"
_CONTENT_FORMATS = {1: "<f", 2: "<d", 3: "<i", 4: "<B", 5: "<h", 6: "<b", 9: "<q", 10: "<?", 17: "<H", 19: "<e", 22: "<I", 23: "<Q"}
"""How TensorProto.tensor_content holds one value of a dtype."""
_BFLOAT16, _HALF = 14, 19
_SINGLE_VALUES = {5: single, 6: double}
_WHOLE_VALUES = (7, 10, 11, 13, 16, 17)


def read_tfevents(file: RecordFile, most: int = sys.maxsize) -> Iterator[Any]:
    """What is new in the file, in `most` records: Scalars and Hyperparameters. A record that is no event is left out. Raises
    OSError."""
    for record in file.records(most):
        try:
            yield from _event(record)
        except BadMessage:
            continue


def _event(record: bytes) -> Iterator[Any]:
    wall_time, step, summary = 0.0, 0, b""
    for number, _, value in fields(record):
        if number == 1:
            wall_time = double(value)
        elif number == 2 and isinstance(value, int):
            step = signed(value)
        elif number == 5:
            summary += message(value)
    values = {}
    for number, wire, value in fields(summary):
        if number != 1 or wire != BYTES:
            continue
        try:
            found = _value(message(value))
        except BadMessage:
            continue
        if isinstance(found, dict):
            yield Hyperparameters(found)
        elif found is not None:
            values[found[0]] = found[1]
    if values:
        yield Scalars(wall_time, step, values)


def _value(value: bytes) -> Any:
    """(tag, number), or the hyperparameters, or None for a picture, a histogram, a text."""
    tag, number, tensor, plugin, content = "", None, None, "", b""
    for field, _, data in fields(value):
        if field == 1:
            tag = text(data)
        elif field == 2:
            number = single(data)
        elif field == 8:
            tensor = message(data)
        elif field == 9:
            plugin, content = _plugin(message(data))
    if tag == _HPARAMS_TAG and plugin == "hparams":
        return _session_start(content)
    if number is None and tensor is not None and plugin in ("", "scalars"):
        number = _scalar_of(tensor)
    return None if number is None else (tag, number)


def _plugin(metadata: bytes) -> tuple:
    name, content = "", b""
    for number, _, value in fields(metadata):
        if number == 1:
            for inner, _, data in fields(message(value)):
                if inner == 1:
                    name = text(data)
                elif inner == 2:
                    content = message(data)
    return name, content


def _scalar_of(tensor: bytes) -> Any:
    """The number of a tensor that has only one; None for others."""
    dtype, content, numbers = 0, b"", []
    for number, wire, value in fields(tensor):
        if number == 1 and isinstance(value, int):
            dtype = value
        elif number == 2 and not _is_one(message(value)):
            return None
        elif number == 4:
            content = message(value)
        elif number in _SINGLE_VALUES:
            size = 4 if number == 5 else 8
            packed = message(value)
            if len(packed) != size:
                return None
            numbers.append(_SINGLE_VALUES[number](packed))
        elif number in _WHOLE_VALUES:
            whole = value if wire != BYTES else _only_varint(message(value))
            if whole is None:
                return None
            numbers.append(_whole(dtype, number, whole))
    if content:
        if dtype == _BFLOAT16 and len(content) == 2:
            return struct.unpack("<f", b"\x00\x00" + content)[0]
        layout = _CONTENT_FORMATS.get(dtype)
        if layout is None or struct.calcsize(layout) != len(content):
            return None
        numbers.append(struct.unpack(layout, content)[0])
    if len(numbers) > 1 or dtype not in _CONTENT_FORMATS and dtype != _BFLOAT16:
        return None
    # A zero may be left out.
    return numbers[0] if numbers else 0.0


def _whole(dtype: int, number: int, value: int) -> Any:
    if number != 13:
        return signed(value)
    bits = struct.pack("<H", value & 0xFFFF)
    return struct.unpack("<f", b"\x00\x00" + bits)[0] if dtype == _BFLOAT16 else struct.unpack("<e", bits)[0]


def _is_one(shape: bytes) -> bool:
    for number, _, value in fields(shape):
        if number == 2:
            sizes = [signed(size) for inner, _, size in fields(message(value)) if inner == 1 and isinstance(size, int)]
            if sizes[-1:] != [1]:
                return False
    return True


def _only_varint(packed: bytes) -> Any:
    found = [value for _, _, value in fields(b"\x00" + packed)] if packed and len(packed) <= 10 else []
    return found[0] if len(found) == 1 else None


def _session_start(content: bytes) -> dict:
    """The hyperparameters of the hparams plugin: {name: number, text or bool}."""
    found = {}
    for number, _, value in fields(content):
        if number != 3:
            continue
        for inner, _, entry in fields(message(value)):
            if inner != 1:
                continue
            name, parameter = "", None
            for part, _, data in fields(message(entry)):
                if part == 1:
                    name = text(data)
                elif part == 2:
                    parameter = _parameter(message(data))
            if name and parameter is not None:
                found[name] = parameter
    return found


def _parameter(value: bytes) -> Any:
    """google.protobuf.Value, as far as it is a number, a text or a bool."""
    found: Any = None
    for number, _, data in fields(value):
        if number == 2:
            found = double(data)
        elif number == 3:
            found = text(data)
        elif number == 4:
            found = bool(data)
    return found
