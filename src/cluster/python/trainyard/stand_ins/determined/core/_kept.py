"""Small JSON files of a trial: written in its run directory, and read by its later attempts."""

from __future__ import annotations

from typing import Any, Dict

from trainyard.files import read_json, write_json
from trainyard.harness.run import Run


def keep(run: Run, name: str, value: Dict[str, Any]) -> None:
    write_json(str(run.directory / name), value)


def kept(run: Run, name: str) -> Dict[str, Any]:
    """What this attempt kept, or the newest one before it that kept something; {} without."""
    trial, _, attempt = run.id.rpartition(".")
    for number in range(int(attempt) if attempt.isdigit() else 1, 0, -1):
        try:
            found = read_json(str(run.directory.parent / ("%s.%d" % (trial, number)) / name))
            return found if isinstance(found, dict) else {}
        except (OSError, ValueError):
            continue
    return {}
