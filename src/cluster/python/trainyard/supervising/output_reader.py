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


class OutputReader:
    """Goes silent for good as soon as anyone else has reported a metric."""

    def __init__(self, run_dir: str, is_reported: object) -> None:
        self._is_reported = is_reported
        self._writer = EventWriter(os.path.join(run_dir, "events", "0-output.jsonl"))
        self._streams = [[os.path.join(run_dir, name), 0, OutputMetrics()] for name in ("stdout.log", "stderr.log")]

    def poll(self) -> None:
        for stream in self._streams:
            for _ in range(CHUNKS_A_ROUND):
                if self._is_reported() or not self._read(stream):
                    break

    def finish(self) -> None:
        """The rest of the output, for a few seconds at most: nobody waits for gigabytes."""
        until = time.monotonic() + FINISH_S
        for stream in self._streams:
            while not self._is_reported() and time.monotonic() < until and self._read(stream):
                pass
            if not self._is_reported():
                self._write(stream[2].finish())
        self._writer.close()

    def _read(self, stream: list) -> bool:
        path, offset, parser = stream
        try:
            with open(path, "rb", buffering=0) as file:
                file.seek(offset)
                data = file.read(CHUNK_BYTES)
        except OSError:
            return False
        stream[1] += len(data)
        self._write(parser.feed(data))
        return len(data) > 0

    def _write(self, found: list) -> None:
        for group, step, values in found:
            self._writer.append(
                '"type":"metrics","group":%s,"step":%s,"values":%s'
                % (quoted(group), number_text(step), values_text(values))
            )
