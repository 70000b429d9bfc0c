"""GPU readings by nvidia-smi, never waited for: asked in one round, collected in a later one.

Absent, hanging, failing and answering `[N/A]` are all normal; after three failures in a row it is asked no more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time

QUERY = ("index", "utilization.gpu", "memory.used", "temperature.gpu", "power.draw")
NAMES = (None, "percent", "memory_bytes", "temperature_c", "power_w")
TIMEOUT_S = 5.0
MAX_FAILURES = 3
MEBIBYTE = 1024 * 1024


class GpuReader:
    def __init__(self, slots: list, helpers: set) -> None:
        """`helpers` is told the pids that this starts, since they are not the run's."""
        self._helpers = helpers
        self._ids = ",".join(str(slot["index"]) for slot in slots if slot.get("kind") == "cuda")
        self._command = shutil.which("nvidia-smi") if self._ids else None
        self._failures = 0
        self._process: subprocess.Popen | None = None
        self._started = 0.0
        self._values: dict = {}

    def latest(self) -> dict:
        """The last answer that came, at most one round old; starts the next question."""
        if self._process is not None:
            self._collect()
        values, self._values = self._values, {}
        if self._command and self._process is None and self._failures < MAX_FAILURES:
            self._ask()
        return values

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _ask(self) -> None:
        try:
            self._process = subprocess.Popen(
                [self._command, "--query-gpu=" + ",".join(QUERY), "--format=csv,noheader,nounits", "--id=" + self._ids],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            self._failures += 1
            return
        os.set_blocking(self._process.stdout.fileno(), False)
        self._helpers.add(self._process.pid)
        self._started = time.monotonic()

    def _collect(self) -> None:
        if self._process.poll() is None:
            if time.monotonic() < self._started + TIMEOUT_S:
                return
            self._process.kill()  # one that cannot even be killed stays among the helpers
        else:
            self._helpers.discard(self._process.pid)
        text = self._process.stdout.read() or b""
        self._process.stdout.close()
        self._process = None
        self._values = parse(text.decode("ascii", "replace"))
        self._failures = 0 if self._values else self._failures + 1


def parse(text: str) -> dict:
    """Readings by name; what nvidia-smi does not know is left out."""
    values = {}
    for line in text.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != len(QUERY) or not fields[0].isdigit():
            continue
        for name, field in zip(NAMES[1:], fields[1:]):
            try:
                number = float(field)
            except ValueError:
                continue
            values["gpu%s_%s" % (fields[0], name)] = number * MEBIBYTE if name == "memory_bytes" else number
    return values
