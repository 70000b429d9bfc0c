"""What the script's interpreter says of itself, and the packages that it would find: asked once, never waited for.

A script that does not use trainyard tells nothing; a constant program of a few lines does, beside it and less urgent.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time

from .. import machine
from ..machine import NOT_SEEN

PROGRAM = (
    "import json, sys; print(json.dumps({'version': sys.version, 'implementation': sys.implementation.name, "
    "'prefix': sys.prefix, 'path': sys.path}))"
)
KEYS = ("version", "implementation", "prefix")
TIMEOUT_S = 20.0
LAST_WAIT_S = 2.0
_PYTHON = re.compile(r"python[\d.]*\Z")


class Interpreter:
    def __init__(self, entrypoint: dict, variables: dict, helpers: set) -> None:
        """`helpers` is told the pid that this starts, since it is not the run's."""
        self._path = find(entrypoint)
        self._helpers = helpers
        self._process: subprocess.Popen | None = None
        self._until = time.monotonic() + TIMEOUT_S
        if self._path is None:
            return
        self._output = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                [self._path, "-c", PROGRAM],
                cwd="/",  # a json.py of the person's must not be imported
                env={name: value for name, value in variables.items() if name != "TRAINYARD_RUN_KEY"},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.DEVNULL,
                preexec_fn=_be_modest,
            )
            helpers.add(self._process.pid)
        except OSError:
            self._output.close()

    def answered(self) -> bool:
        """Whether there is nothing to wait for any more."""
        if self._process is None or self._process.poll() is not None:
            return True
        if time.monotonic() > self._until:
            self._process.kill()
            return True
        return False

    def describe(self) -> dict:
        """`interpreter` and `packages`; to be called once, at the end of the waiting."""
        until = time.monotonic() + LAST_WAIT_S
        while not self.answered() and time.monotonic() < until:
            time.sleep(0.01)
        answer = self._read()
        if self._path is None:
            return {"interpreter": NOT_SEEN, "packages": NOT_SEEN}
        about = {"path": self._path, "resolved": os.path.realpath(self._path)}
        about.update((key, answer.get(key, NOT_SEEN)) for key in KEYS)
        folders = [folder for folder in answer.get("path", []) if os.path.isabs(folder)]
        return {"interpreter": about, "packages": machine.packages(folders) or NOT_SEEN}

    def _read(self) -> dict:
        if self._process is None:
            return {}
        if self._process.poll() is None:
            self._process.kill()
        else:
            self._helpers.discard(self._process.pid)
        with self._output:
            self._output.seek(0)
            try:
                return json.loads(self._output.read())
            except ValueError:
                return {}


def find(entrypoint: dict) -> str | None:
    """The interpreter of a script, or of a command that begins with one; a shell's line is not looked into."""
    if entrypoint["kind"] == "script":
        return entrypoint["interpreter"]
    first = (entrypoint.get("argv") or [""])[0]
    return first if _PYTHON.match(os.path.basename(first)) else None


def _be_modest() -> None:
    os.nice(19)
