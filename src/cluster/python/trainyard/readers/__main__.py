"""python3 -m trainyard.readers --out FOLDER PATH...: finds runs, and writes the event file of each to FOLDER.

On stdout comes a JSON object a line: {"type":"found","runs":N}, then for each run one of type `run` as it is done, and one of
type `problem` for what cannot be used. Nothing at the paths is changed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import uuid

from .find import Found, Search
from .records import Problem
from .run_writer import RunWriter

_MOST_METRICS_NAMED = 20
_MOST_PARAMETERS_BYTES = 96 * 1024
"""What a pool keeps of a trial to find it by; the event file has all."""


def main(arguments: list | None = None) -> int:
    parser = argparse.ArgumentParser(prog="trainyard.readers", description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--out", required=True, metavar="FOLDER")
    given = parser.parse_args(arguments)
    search = Search()
    runs = search.runs(given.paths)
    for problem in search.problems:
        _print({"type": "problem", "message": problem})
    _print({"type": "found", "runs": len(runs)})
    for index, run in enumerate(runs):
        _print(_write(run, given.out, "%d.jsonl" % index))
    return 0


def _write(run: Found, folder: str, file: str) -> dict:
    """What is to be said of the run; its events are in `file`."""
    writer = RunWriter(os.path.join(folder, file), run.library)
    try:
        for group, found in run.read():
            if isinstance(found, Problem):
                writer.say(found.message)
            else:
                writer.take(found, group)
    except OSError as error:
        if error.filename is None or os.path.dirname(str(error.filename)) == folder:
            raise  # the disk that is written to
        writer.say("%s cannot be read: %s" % (os.path.basename(str(error.filename)), error.strerror))
    finally:
        writer.close()
    metrics = writer.metrics
    return {
        "type": "run",
        "file": file,
        # By its content: the same source gets the same one.
        "id": str(uuid.UUID(hex=writer.digest[:32])),
        "name": (writer.name or run.name)[:250],
        "labels": writer.labels,
        "parameters": writer.parameters if len(json.dumps(writer.parameters)) <= _MOST_PARAMETERS_BYTES else {},
        "notes": writer.notes or "",
        "from": run.kind,
        "source": run.source,
        "startedAt": writer.started_at,
        "endedAt": writer.ended_at,
        "points": writer.points,
        "metrics": metrics[:_MOST_METRICS_NAMED],
        "metricCount": len(metrics),
        "bytes": writer.bytes,
        "problems": writer.problems,
    }


def _print(value: dict) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
