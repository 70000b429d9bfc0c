"""TFRecord framing, as in event files of TensorBoard: length, checksum of it, bytes, checksum of them."""

from __future__ import annotations

import os
import struct
import sys

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Iterator

MAX_RECORD_BYTES = 4 * 1024 * 1024
"""A longer one is no scalar (a graph, pictures): it is passed over, unread."""
_HEADER = struct.Struct("<QI")
_CHECKSUM_BYTES = 4


def _table() -> list:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0x82F63B78 if value & 1 else value >> 1
        table.append(value)
    return table


_TABLE = _table()


def masked_crc32c(data: bytes) -> int:
    """CRC-32C as TensorFlow stores it."""
    crc = 0xFFFFFFFF
    table = _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


class RecordFile:
    """One file, read from `offset` on, as often as it has grown."""

    def __init__(self, path: str, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        """After the last whole record that was given out."""
        self.problem: str | None = None
        """What is wrong at `offset`, if anything but that the file ends there between two records."""
        self.is_damaged = False
        """It is not that the file is cut off there: what is there is no record. Nothing more comes."""

    def records(self, most: int = sys.maxsize) -> Iterator[bytes]:
        """Each whole record from `offset` on, `most` of them. Raises OSError."""
        self.problem = None
        if self.is_damaged:
            return
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(self.offset)
            for _ in range(most):
                header = file.read(_HEADER.size)
                if len(header) < _HEADER.size:
                    if header:
                        self.problem = "cut off at byte %d" % self.offset
                    return
                length, checksum = _HEADER.unpack(header)
                if masked_crc32c(header[:8]) != checksum:
                    self._damaged()
                    return
                after = self.offset + _HEADER.size + length + _CHECKSUM_BYTES
                if after > size:
                    size = os.fstat(file.fileno()).st_size  # it may have grown
                if after > size:
                    self.problem = "cut off at byte %d" % self.offset
                    return
                if length > MAX_RECORD_BYTES:
                    file.seek(after)
                    self.offset = after
                    continue
                data = file.read(length)
                ending = file.read(_CHECKSUM_BYTES)
                if len(ending) < _CHECKSUM_BYTES:
                    self.problem = "cut off at byte %d" % self.offset
                    return
                if masked_crc32c(data) != int.from_bytes(ending, "little"):
                    self._damaged()
                    return
                self.offset = after
                yield data

    def _damaged(self) -> None:
        self.problem = "damaged at byte %d: what follows is not read" % self.offset
        self.is_damaged = True
