"""One event file with one writer: a JSON object a line, each handed to the kernel before append() returns."""

from __future__ import annotations

import os
import threading
from json.encoder import encode_basestring_ascii as quoted
from time import time

MAX_LINE_BYTES = 1024 * 1024
MAX_BACKLOG_BYTES = 16 * 1024 * 1024


class EventWriter:
    """Appends events. Never raises for a full or failing disk: what could not be written is kept (up to 16 MiB), and
    goes out, from the byte where it was cut, in front of the next event, so a line is never torn."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.error: OSError | None = None
        self._lock = threading.RLock()  # reentrant: a signal handler may report in the middle of a report
        self._fd = -1
        self._seq = 0
        self._backlog = b""

    def append(self, body: str) -> None:
        """`body` is the inside of the object after `seq` and `t`: '"type":"progress","fraction":0.5'."""
        with self._lock:
            self._seq += 1
            line = ('{"seq":%d,"t":%.6f,%s}\n' % (self._seq, time(), body)).encode("ascii")
            if self._backlog or self._fd < 0:
                self._flush(line)
                return
            try:
                written = os.write(self._fd, line)
            except OSError as error:
                self.error = error
                written = 0
            if written != len(line):
                self._flush(line[written:])

    def close(self) -> None:
        """Writes what is left, if it can be."""
        with self._lock:
            if self._backlog:
                self._flush(b"")
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _flush(self, more: bytes) -> None:
        data = self._backlog + more
        try:
            if self._fd < 0:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._fd = os.open(self.path, flags, 0o644)
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            self.error = error
        if len(data) > MAX_BACKLOG_BYTES and more:
            data = data[: -len(more)]  # the newest is dropped whole: what is kept is still a row of complete lines
        self._backlog = data


def number_text(value: float) -> str:
    """JSON for a float or an int; NaN and infinities, which JSON lacks, as strings."""
    if isinstance(value, int):
        return int.__repr__(value)
    if value - value == 0.0:
        return float.__repr__(value)
    return '"NaN"' if value != value else ('"Infinity"' if value > 0 else '"-Infinity"')


def values_text(values: dict[str, float]) -> str:
    return "{%s}" % ",".join("%s:%s" % (quoted(name), number_text(value)) for name, value in values.items())
