"""Follows the event files that others write: has anyone reported a metric, and what was acknowledged."""

from __future__ import annotations

import json
import os

from ..events import MAX_LINE_BYTES

CHUNK_BYTES = 4 * 1024 * 1024


class EventTail:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._offsets: dict[str, int] = {}
        self.reported = False
        """Whether a metrics event was seen in a file that is not the supervisor's."""
        self.acknowledged: dict | None = None
        """The last acknowledgement: control and action."""
        self.captured: set = set()
        """Libraries of which somebody said that they are captured: torch.utils.tensorboard."""

    def is_reported(self) -> bool:
        """The same, as of now."""
        if not self.reported:
            self.poll()
        return self.reported

    def poll(self) -> None:
        """Reads what is new, complete lines only."""
        try:
            names = os.listdir(self._folder)
        except OSError:
            return
        for name in names:
            writer = name.partition("-")[2]
            if name.endswith(".jsonl") and not writer.startswith(("supervisor", "output-")):
                try:
                    self._read(name)
                except OSError:
                    pass

    def _read(self, name: str) -> None:
        path = os.path.join(self._folder, name)
        offset = self._offsets.get(name, 0)
        if os.stat(path).st_size <= offset:
            return
        with open(path, "rb", buffering=0) as file:
            file.seek(offset)
            while True:
                chunk = file.read(CHUNK_BYTES)
                end = chunk.rfind(b"\n") + 1
                if end == 0 and len(chunk) > MAX_LINE_BYTES:
                    end = len(chunk)  # a line that is too long counts as none
                if end == 0:
                    break
                self._scan(chunk[:end])
                offset += end
                file.seek(offset)
        self._offsets[name] = offset

    def _scan(self, chunk: bytes) -> None:
        if b'"ack"' in chunk:
            for line in chunk.split(b"\n"):
                event = _parse(line) if b'"ack"' in line else None
                if event and event.get("type") == "ack" and isinstance(event.get("control"), int):
                    self.acknowledged = {"control": event["control"], "action": str(event.get("action"))}
        if b'"captured"' in chunk:
            for line in chunk.split(b"\n"):
                event = _parse(line) if b'"captured"' in line else None
                if event and event.get("type") == "captured":
                    self.captured.add(str(event.get("library")))
        if not self.reported and b'"metrics"' in chunk:
            for line in chunk.split(b"\n"):
                event = _parse(line) if b'"metrics"' in line else None
                if event and event.get("type") == "metrics":
                    self.reported = True
                    break


def _parse(line: bytes) -> dict | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
