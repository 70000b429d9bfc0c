"""What a run's processes use of their machine: a `system` event every two seconds."""

from __future__ import annotations

import os
import time

from ..events import EventWriter, values_text
from ..processes import Stat
from .gpu import GpuReader
from .memory import tree_bytes

EVERY_S = 2.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class SystemMetrics:
    def __init__(self, run_dir: str, writer: EventWriter, gpu: GpuReader) -> None:
        self._run_dir = run_dir
        self._writer = writer
        self._gpu = gpu
        self._cpu_ticks: dict = {}
        self._at = time.monotonic()

    def sample(self, processes: dict[int, Stat]) -> int:
        """Writes one event; returns the tree's memory in bytes."""
        memory_bytes = tree_bytes(list(processes))
        disk = os.statvfs(self._run_dir)
        values = {
            "cpu_percent": self._cpu_percent(processes),
            "memory_bytes": memory_bytes,
            "disk_free_bytes": disk.f_bavail * disk.f_frsize,
        }
        values.update(self._gpu.latest())
        self._writer.append('"type":"system","values":' + values_text(values))
        return memory_bytes

    def _cpu_percent(self, processes: dict[int, Stat]) -> float:
        """100 is one core fully used. A process that was not there in the last round counts from its start."""
        now = time.monotonic()
        ticks = {(stat.pid, stat.start_ticks): stat.cpu_ticks for stat in processes.values()}
        used = sum(count - self._cpu_ticks.get(name, 0) for name, count in ticks.items())
        seconds = max(now - self._at, 0.001)
        self._cpu_ticks, self._at = ticks, now
        return round(100.0 * used / _TICKS_PER_S / seconds, 1)
