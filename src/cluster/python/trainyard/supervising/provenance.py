"""What the supervisor knows of a run: the section `supervisor` of provenance.json, for scripts in any language."""

from __future__ import annotations

import os
import re
import time

from .. import machine
from ..files import write_section
from ..machine import NOT_SEEN
from . import launch
from .spec import Spec


def record(spec: Spec, run_dir: str) -> None:
    variables = launch.environment(spec, run_dir, dict(os.environ))
    write_section(
        os.path.join(run_dir, "provenance.json"),
        "supervisor",
        {
            "recordedAt": time.time(),
            "argv": machine.masked(launch.argv(spec), variables, spec.secret_names),
            "workingDirectory": os.path.join("work", spec.directory),
            "interpreter": _interpreter(spec.entrypoint),
            "operatingSystem": machine.operating_system(),
            "processor": machine.processor(),
            "driver": machine.driver(),
            "devices": machine.devices(),
            "slots": [slot.get("id") for slot in spec.slots],
            "threads": _threads(spec, variables),
            "environment": machine.environment(variables, spec.secret_names),
            "secretNames": sorted(spec.secret_names),
            "seeds": {"TRAINYARD_SEED": str(spec.seed)},
        },
    )


def _threads(spec: Spec, variables: dict) -> dict:
    """The number of each, and who set it: `trainyard`, the `configuration` or the `environment` of the pool."""
    ours = launch.thread_counts(spec, dict(os.environ))

    def about(name: str) -> object:
        if name not in variables or name in spec.secret_names:
            return NOT_SEEN
        by = "trainyard" if name in ours else "configuration" if name in spec.environment else "environment"
        return {"value": variables[name], "setBy": by}

    return {name: about(name) for name in launch.THREADS}


def _interpreter(entrypoint: dict) -> dict | str:
    path = entrypoint.get("interpreter")
    if not path:
        return NOT_SEEN
    return {"path": path, "resolved": os.path.realpath(path), "version": _version(path)}


def _version(path: str) -> str:
    """Of a virtual environment, as its pyvenv.cfg says; the interpreter is not started just to be asked."""
    try:
        with open(os.path.join(os.path.dirname(os.path.dirname(path)), "pyvenv.cfg"), encoding="utf-8") as file:
            found = re.search(r"^version(?:_info)?\s*=\s*(\S+)", file.read(65536), re.MULTILINE)
            return found.group(1) if found else NOT_SEEN
    except (OSError, UnicodeDecodeError):
        return NOT_SEEN
