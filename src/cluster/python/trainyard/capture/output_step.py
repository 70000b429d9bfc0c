"""Where training stands by what the script printed: for scripts whose metrics come from their output (output_metrics.py)."""

from __future__ import annotations

import os

from ..files import read_json
from ..supervising.output_metrics import OutputMetrics

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any

TAIL_BYTES = 64 * 1024


def output_step(run_dir: str) -> Any:
    """The highest of the last steps of stdout and stderr; None where none is told, or output counts for nothing."""
    try:
        if not read_json(os.path.join(run_dir, "spec.json")).get("outputMetrics"):
            return None
    except (OSError, ValueError):
        return None
    steps = [_last_step(os.path.join(run_dir, name)) for name in ("stdout.log", "stderr.log")]
    return max((step for step in steps if step is not None), default=None)


def _last_step(path: str) -> Any:
    try:
        with open(path, "rb", buffering=0) as file:
            start = max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES)
            file.seek(start)
            metrics = OutputMetrics()
            if start:
                metrics.skip()  # the rest of some line
            found = metrics.feed(file.read(TAIL_BYTES)) + metrics.finish()
    except OSError:
        return None
    return found[-1][1] if found else None
