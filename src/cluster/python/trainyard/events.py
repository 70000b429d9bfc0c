"""One event file with one writer: a JSON object a line, each handed to the kernel before append() returns."""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from json.encoder import encode_basestring_ascii as quoted
from time import monotonic, sleep, time

from .files import remove_quietly, write_all

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Callable, Deque

MAX_LINE_BYTES = 1024 * 1024
MAX_HELD_BYTES = 16 * 1024 * 1024
"""What is kept of one file's lines while they cannot be written."""
RETRY_S = 1.0
EXIT_PATIENCE_S = 10.0
"""How long the end of a process waits for room, if there is something to be lost."""
_WRITE_BYTES = 1024 * 1024
_RESERVE_BYTES = 4096
_RETRY_AT_APPEND_S = 0.05


class EventWriter:
    """Appends events. Never raises for a full or failing disk: what cannot be written is held (up to 16 MiB) and goes out,
    from the byte where it was cut, as soon as there is room, so a line is never torn. Beyond that the newest lines are
    lost: counted, and said in a `warning` event when there is room. A few bytes are reserved beside the run directory's
    files, so that it can be said even at the end of a process whose disk stays full."""

    def __init__(self, path: str, tell: Callable[[str], None] = lambda message: None) -> None:
        self.path = path
        self.error: OSError | None = None
        """Why lines are held; None while all that was appended is written."""
        self._tell = tell
        self._lock = threading.RLock()  # reentrant: a signal handler may report in the middle of a report
        self._fd = -1
        self._seq = 0
        self._held: Deque[bytes] = deque()
        self._held_bytes = 0
        self._lost = 0
        self._lost_from = 0.0
        self._again_at = 0.0
        self._is_retrying = False
        self._is_torn = False
        self._is_closed = False
        folder, name = os.path.split(path)
        self._reserve = os.path.join(os.path.dirname(folder), ".%s.reserve" % name)

    def append(self, body: str) -> None:
        """`body` is the inside of the object after `seq` and `t`: '"type":"progress","fraction":0.5'."""
        with self._lock:
            line = self._line(body)
            if self._held or self._fd < 0:
                self._hold(line)
                if monotonic() >= self._again_at:
                    self._flush()
                return
            try:
                written = os.write(self._fd, line)
            except OSError as error:
                self._failed(error)
                written = 0
            if written != len(line):
                self._is_torn = self._is_torn or written > 0
                self._hold(line[written:])
                self._flush()

    def close(self, patience_s: float = 0.0) -> None:
        """Writes what is left, if it can be within `patience_s`; else says what is lost."""
        with self._lock:
            until = monotonic() + patience_s
            while self._held or self._lost:
                self._flush()
                if not self._held or monotonic() >= until:
                    break
                sleep(0.1)
            if self._held:
                self._give_up()
            if self._fd >= 0:
                remove_quietly(self._reserve)
                os.close(self._fd)
                self._fd = -1
            self._is_closed = True

    def _line(self, body: str) -> bytes:
        self._seq += 1
        return ('{"seq":%d,"t":%.6f,%s}\n' % (self._seq, time(), body)).encode("ascii")

    def _hold(self, line: bytes) -> None:
        if self._held and self._held_bytes + len(line) > MAX_HELD_BYTES:
            self._lost_from = self._lost_from or time()
            self._lost += 1  # the newest, whole: what is held is still a row of complete lines
            return
        self._held.append(line)
        self._held_bytes += len(line)

    def _flush(self) -> None:
        """Writes what is held, and then what was lost meanwhile."""
        try:
            if self._fd < 0:
                self._open()
            while self._held:
                self._write_some()
                if not self._held and self._lost:
                    self._hold(self._gap())
        except OSError as error:
            self._failed(error)
        else:
            self.error = None

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._fd = os.open(self.path, flags, 0o644)
        try:
            fd = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                write_all(fd, b" " * _RESERVE_BYTES)
            finally:
                os.close(fd)
        except OSError:
            pass  # then a gap at a bitter end is said on stderr alone

    def _write_some(self) -> None:
        some = []
        size = 0
        for line in self._held:
            some.append(line)
            size += len(line)
            if size >= _WRITE_BYTES:
                break
        data = b"".join(some)
        written = os.write(self._fd, data)
        self._is_torn = data[written - 1 : written] != b"\n" if written else self._is_torn
        self._held_bytes -= written
        while written:
            line = self._held.popleft()
            if written < len(line):
                self._held.appendleft(line[written:])
            written -= min(written, len(line))

    def _gap(self) -> bytes:
        count, since = self._lost, self._lost_from
        self._lost, self._lost_from = 0, 0.0
        message = (
            "%d events are lost (reports among them), from %s to %s UTC: the disk of the run directory could not be written "
            "(%s) and the memory for what waits was full." % (count, _clock(since), _clock(time()), self._reason())
        )
        return self._line('"type":"warning","code":"events_lost_%d","message":%s' % (self._seq, quoted(message)))

    def _reason(self) -> str:
        return (self.error and self.error.strerror) or "the disk was full"

    def _failed(self, error: OSError) -> None:
        is_news = self.error is None
        self.error = error
        self._again_at = monotonic() + _RETRY_AT_APPEND_S
        if error.errno in (errno.ESTALE, errno.EBADF) and self._fd >= 0:
            # The name may lead to a file that is still there.
            try:
                os.close(self._fd)
            except OSError:
                pass
            self._fd = -1
        if not is_news:
            return
        self._tell(
            "what is reported cannot be written (%s): it is kept in memory, up to %d MiB, until it can be"
            % (error.strerror, MAX_HELD_BYTES >> 20)
        )
        if not self._is_retrying:
            self._is_retrying = True
            try:
                threading.Thread(target=self._retry, name="trainyard-events", daemon=True).start()
            except RuntimeError:  # at the interpreter's exit; the next event, or close(), tries again
                self._is_retrying = False

    def _retry(self) -> None:
        """Somebody who has nothing more to report still has what waits."""
        while True:
            sleep(RETRY_S)
            with self._lock:
                if self._held and not self._is_closed:
                    self._flush()
                if not self._held or self._is_closed:
                    self._is_retrying = False
                    return

    def _give_up(self) -> None:
        """There was no room to the end: says so in the room that was kept for it."""
        rest = b""
        if self._is_torn:  # the end of a line that is half there goes out, so that it is none of the lost
            rest = self._held.popleft() if len(self._held[0]) < _RESERVE_BYTES - 1024 else b"\n"
        self._lost += len(self._held)
        self._held.clear()
        self._held_bytes = 0
        self._lost_from = self._lost_from or time()
        lost = self._lost
        remove_quietly(self._reserve)
        line = rest + (self._gap() if lost else b"")
        try:
            if self._fd < 0:
                self._open()
            write_all(self._fd, line)
        except OSError as error:
            self.error = error
        if lost:
            self._tell("%d events could not be written and are lost: %s" % (lost, self._reason()))


def _clock(at: float) -> str:
    from time import gmtime, strftime

    return strftime("%Y-%m-%d %H:%M:%S", gmtime(at))


def number_text(value: float) -> str:
    """JSON for a float or an int; NaN and infinities, which JSON lacks, as strings."""
    if isinstance(value, int):
        return int.__repr__(value)
    if value - value == 0.0:
        return float.__repr__(value)
    return '"NaN"' if value != value else ('"Infinity"' if value > 0 else '"-Infinity"')


def values_text(values: dict[str, float]) -> str:
    return "{%s}" % ",".join("%s:%s" % (quoted(name), number_text(value)) for name, value in values.items())
