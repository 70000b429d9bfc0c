"""What the supervisor knows of a run: the section `supervisor` of provenance.json, for scripts in any language."""

from __future__ import annotations

import os
import time

from .. import machine
from ..files import write_section
from ..machine import NOT_SEEN
from . import launch
from .interpreter import Interpreter
from .spec import Spec

HARNESS_ONLY = ("parameters", "randomStates", "torch", "optimizers", "data")
"""What only a script that uses trainyard can tell, in the section `harness`."""

PATIENCE_S = 0.2
"""The script waits for its supervisor in nothing, and its supervisor not for it."""


class Recorder:
    """Records at once what is known, and what the interpreter says when it has said it."""

    def __init__(self, spec: Spec, run_dir: str, helpers: set) -> None:
        self._path = os.path.join(run_dir, "provenance.json")
        variables = launch.environment(spec, run_dir, dict(os.environ))
        self._interpreter: Interpreter | None = Interpreter(spec.entrypoint, variables, helpers)
        self._section = _gather(spec, variables)
        self._is_written = False
        """Not what was added since, or what a full disk refused."""

    def poll(self) -> None:
        if self._interpreter is not None and self._interpreter.answered():
            self._take_answer()
        self._write()

    def finish(self) -> None:
        self._take_answer()
        self._write()

    def _take_answer(self) -> None:
        asked, self._interpreter = self._interpreter, None
        if asked is not None:
            self._section.update(asked.describe())
            self._is_written = False

    def _write(self) -> None:
        if self._is_written:
            return
        write_section(self._path, "supervisor", self._section, PATIENCE_S)
        self._is_written = True


def _gather(spec: Spec, variables: dict) -> dict:
    section = {
        "recordedAt": time.time(),
        "argv": machine.masked(launch.argv(spec), variables, spec.secret_names),
        "workingDirectory": os.path.join("work", spec.directory),
        "interpreter": NOT_SEEN,
        "packages": NOT_SEEN,
        "operatingSystem": machine.operating_system(),
        "processor": machine.processor(),
        "driver": machine.driver(),
        "devices": machine.devices(),
        "slots": [slot.get("id") for slot in spec.slots],
        "threads": _threads(spec, variables),
        "environment": machine.environment(variables, spec.secret_names),
        "secretNames": sorted(spec.secret_names),
        "seeds": {"TRAINYARD_SEED": str(spec.seed)},
    }
    section.update((key, NOT_SEEN) for key in HARNESS_ONLY)
    return section


def _threads(spec: Spec, variables: dict) -> dict:
    """The number of each, and who set it: `trainyard`, the `configuration` or the `environment` of the pool."""
    ours = launch.thread_counts(spec, dict(os.environ))

    def about(name: str) -> object:
        if name not in variables or name in spec.secret_names:
            return NOT_SEEN
        by = "trainyard" if name in ours else "configuration" if name in spec.environment else "environment"
        return {"value": variables[name], "setBy": by}

    return {name: about(name) for name in launch.THREADS}
