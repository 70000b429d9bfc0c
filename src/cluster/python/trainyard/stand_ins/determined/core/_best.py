"""The best validation of an experiment, read from the event files of its runs."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Iterator, Optional


def best_validation(runs: pathlib.Path, experiment: int, metric: str, smaller_is_better: bool) -> Optional[float]:
    """None when no trial has reported `metric` as a validation metric yet."""
    best: Optional[float] = None
    for value in _values(runs, experiment, metric):
        if value == value and (best is None or (value < best if smaller_is_better else value > best)):
            best = value
    return best


def _values(runs: pathlib.Path, experiment: int, metric: str) -> Iterator[float]:
    group, _, name = metric.rpartition("/") if metric.startswith("validation/") else ("validation", "", metric)
    needle = json.dumps(name).encode()
    for run in os.scandir(runs):
        if not run.name.startswith("%d." % experiment):
            continue
        try:
            files = [file.path for file in os.scandir(os.path.join(run.path, "events"))]
        except OSError:
            continue
        for path in files:
            yield from _values_in(path, needle, group, name)


def _values_in(path: str, needle: bytes, group: str, name: str) -> Iterator[float]:
    try:
        with open(path, "rb") as file:
            for line in file:
                if needle not in line or not line.endswith(b"\n"):
                    continue
                event = json.loads(line)
                if event.get("type") == "metrics" and event.get("group") == group and name in event["values"]:
                    yield float(event["values"][name])
    except (OSError, ValueError, KeyError, TypeError):
        return
