"""Reads a run's stdout.log and stderr.log as they grow, and writes the metrics in them as events."""

from __future__ import annotations

import os
import time
from json.encoder import encode_basestring_ascii as quoted

from ..events import EventWriter, number_text, values_text
from .output_metrics import OutputMetrics

CHUNK_BYTES = 1024 * 1024
CHUNKS_A_ROUND = 4
FINISH_S = 3.0
STREAMS = ("stdout", "stderr")


class OutputReader:
    """Goes silent for good as soon as anyone else has reported a metric."""

    def __init__(self, run_dir: str, is_reported: object, suffix: str = "", dropped: dict | None = None) -> None:
        """`suffix` tells an adopter's event files from those of the supervisors before it. `dropped`: what is gone of
        each stream (output_limit.py), as it changes."""
        self._is_reported = is_reported
        self._dropped = dropped or {}
        self._streams = [_Stream(run_dir, name, suffix, self._gone, is_reported) for name in STREAMS]

    def _gone(self, name: str) -> int:
        return self._dropped[name]["bytes"] if name in self._dropped else 0

    def poll(self) -> None:
        for stream in self._streams:
            for _ in range(CHUNKS_A_ROUND):
                if self._is_reported() or not stream.read():
                    break

    def finish(self, patience_s: float) -> None:
        """The rest of the output, for a few seconds at most: nobody waits for gigabytes. `patience_s`: for room to write
        it, each stream."""
        until = time.monotonic() + FINISH_S
        for stream in self._streams:
            while not self._is_reported() and time.monotonic() < until:
                if not stream.read():
                    stream.finish()
                    break
            stream.close(patience_s)


class _Stream:
    """One stream, from its start. The same bytes make the same events, so an adopter leaves out as many as those before
    it have written: none is lost, none comes twice. Where the start is gone it cannot know: it goes on at the end."""

    def __init__(self, run_dir: str, name: str, suffix: str, gone: object, is_reported: object) -> None:
        events = os.path.join(run_dir, "events")
        writer = "0-output-%s" % name
        self._path = os.path.join(run_dir, name + ".log")
        self._offset = 0
        self._metrics = OutputMetrics()
        self._name = name
        self._gone = gone
        self._is_reported = is_reported
        self._known = count_metrics(events, writer)
        if suffix and gone(name) > 0:
            self._known = 0
            self._skip_to(os.path.getsize(self._path))
        self._writer = EventWriter(os.path.join(events, "%s%s.jsonl" % (writer, suffix)))

    def _skip_to(self, offset: int) -> None:
        self._offset = offset
        self._metrics.skip()

    def read(self) -> bool:
        if self._gone(self._name) > self._offset:
            self._skip_to(self._gone(self._name))
        try:
            with open(self._path, "rb", buffering=0) as file:
                file.seek(self._offset)
                data = file.read(CHUNK_BYTES)
        except OSError:
            return False
        self._offset += len(data)
        self._write(self._metrics.feed(data))
        return len(data) > 0

    def finish(self) -> None:
        self._write(self._metrics.finish())

    def close(self, patience_s: float) -> None:
        self._writer.close(patience_s)

    def _write(self, found: list) -> None:
        new = found[self._known :]
        if new and self._is_reported():
            return  # since these bytes were read: a library that reports and then prints
        self._known -= len(found) - len(new)
        for group, step, values in new:
            self._writer.append(
                '"type":"metrics","group":%s,"step":%s,"values":%s'
                % (quoted(group), number_text(step), values_text(values))
            )


def count_metrics(folder: str, writer: str) -> int:
    """How many metrics the writers whose names begin like this have written; a line that was cut off is none."""
    count = 0
    for name in os.listdir(folder):
        if name.startswith(writer):
            with open(os.path.join(folder, name), "rb") as file:
                count += sum(line.endswith(b"\n") and b'"type":"metrics"' in line for line in file)
    return count
