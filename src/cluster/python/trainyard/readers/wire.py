"""Protocol buffers as they are on the wire: the fields of one message, without a schema and without recursion."""

from __future__ import annotations

import struct

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")


class BadMessage(ValueError):
    """Not a message: a length beyond its end, a varint without end, a wire type that nobody writes."""


def fields(message: bytes) -> Iterator[tuple]:
    """(number, wire type, value) of each field: an int for a varint, else its bytes. Raises BadMessage."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at, end)
        wire = key & 7
        if wire == VARINT:
            value, at = _varint(message, at, end)
            yield key >> 3, wire, value
            continue
        if wire == BYTES:
            size, at = _varint(message, at, end)
        elif wire == FIXED64:
            size = 8
        elif wire == FIXED32:
            size = 4
        else:
            raise BadMessage("wire type %d" % wire)
        if size > end - at:
            raise BadMessage("a field of %d bytes where %d are left" % (size, end - at))
        yield key >> 3, wire, message[at : at + size]
        at += size


def _varint(message: bytes, at: int, end: int) -> tuple:
    if at < end and message[at] < 0x80:
        return message[at], at + 1
    value = shift = 0
    while at < end and shift < 70:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise BadMessage("a number without end")


def signed(value: int) -> int:
    """An int64 from its varint."""
    return value - (1 << 64) if value >= 1 << 63 else value


def zigzag(value: int) -> int:
    """A sint64 from its varint."""
    return (value >> 1) ^ -(value & 1)


def double(value: object) -> float:
    if not isinstance(value, bytes) or len(value) != 8:
        raise BadMessage("not a double")
    return _DOUBLE.unpack(value)[0]


def single(value: object) -> float:
    if not isinstance(value, bytes) or len(value) != 4:
        raise BadMessage("not a float")
    return _FLOAT.unpack(value)[0]


def text(value: object) -> str:
    if not isinstance(value, bytes):
        raise BadMessage("not a text")
    return value.decode("utf-8", "replace")


def message(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise BadMessage("not a message")
    return value
