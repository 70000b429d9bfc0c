"""What a result depends on, as the script's process sees it: the section `harness` of provenance.json.

Gathered in a thread that starts in well under a millisecond; only what must be asked at a moment (random states,
initial weights) is asked on the script's thread. Nothing here may ever disturb training.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import Any, Dict, Optional

from .. import machine
from ..files import read_json, write_section
from ..machine import NOT_SEEN
from . import data_files, frameworks

PATIENCE_S = 2.0
WRITE_EVERY_S = 10.0
_SEEDS = ("TRAINYARD_SEED", "PYTHONHASHSEED", "PL_GLOBAL_SEED")
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


class Recorder:
    """Records one process. `parameters` gives the parameters as the script read them so far."""

    def __init__(self, run_dir: str, work: str, parameters: Any) -> None:
        self._path = os.path.join(run_dir, "provenance.json")
        self._run_dir = run_dir
        self._parameters = parameters
        self._pid = os.getpid()
        self._static: Optional[Dict[str, Any]] = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._changed = True
        self._at_start = frameworks.random_states()
        self._at_report: Dict[str, Any] = {}
        folders = {work, os.getcwd()}  # a run may start below the top of its working tree
        self._data = data_files.DataFiles([root for folder in folders for root in data_files.roots(folder)])
        self._described = 0

    def start(self) -> None:
        self._data.watch()
        threading.Thread(target=self._run, name="trainyard-provenance", daemon=True).start()

    def first_report(self) -> None:
        """On the script's thread, before the first metric goes out: the weights are what they are now."""
        with contextlib.suppress(Exception):
            self._at_report = {
                "seenAt": time.time(),
                "random": frameworks.random_states(),
                "torch": frameworks.torch_build(),
                "threads": frameworks.threads(),
                "optimizers": frameworks.optimizers(),
            }
            self._changed = True
            self._wake.set()

    def finish(self) -> None:
        with contextlib.suppress(Exception):
            if os.getpid() == self._pid:
                self._changed = True
                self._write()

    def _run(self) -> None:
        while True:
            with contextlib.suppress(Exception):
                self._write()
            self._wake.wait(WRITE_EVERY_S)
            self._wake.clear()

    def _write(self) -> None:
        with self._lock:
            if not self._changed and self._described == self._data.count:
                return
            self._changed = False
            described, self._described = self._described, self._data.count
            try:
                if self._static is None:
                    self._static = self._gather()
                write_section(self._path, "harness", {**self._static, **self._moving()}, PATIENCE_S)
            except OSError:
                self._changed, self._described = True, described  # what a full disk refused is tried again
                raise

    def _gather(self) -> Dict[str, Any]:
        try:
            secret_names = list(read_json(os.path.join(self._run_dir, "spec.json"))["secretNames"])
        except (OSError, ValueError, KeyError, TypeError):
            secret_names = []
        variables = dict(os.environ)
        return {
            "recordedAt": time.time(),
            "pid": self._pid,
            "argv": machine.masked(list(getattr(sys, "orig_argv", sys.argv)), variables, secret_names),
            "workingDirectory": os.getcwd(),
            "interpreter": {
                "path": sys.executable,
                "version": sys.version,
                "implementation": sys.implementation.name,
                "prefix": sys.prefix,
                "optimize": sys.flags.optimize,
                "hashRandomization": sys.flags.hash_randomization,
            },
            "packages": machine.packages(sys.path) or NOT_SEEN,
            "operatingSystem": machine.operating_system(),
            "processor": machine.processor(),
            "driver": machine.driver(),
            "devices": machine.devices(),
            "environment": machine.environment(variables, secret_names),
            "seeds": {name: variables.get(name, NOT_SEEN) for name in _SEEDS},
        }

    def _moving(self) -> Dict[str, Any]:
        seen = self._at_report
        threads: Dict[str, Any] = {name: os.environ.get(name, NOT_SEEN) for name in _THREADS}
        threads["torch"] = seen.get("threads", NOT_SEEN)
        return {
            "parameters": self._parameters(),
            "threads": threads,
            "randomStates": {
                "start": frameworks.digests(self._at_start),
                "firstReport": frameworks.digests(seen.get("random", NOT_SEEN)),
            },
            "torch": seen.get("torch", NOT_SEEN),
            "optimizers": seen.get("optimizers", NOT_SEEN),
            "firstReportAt": seen.get("seenAt", NOT_SEEN),
            "data": self._data.describe(),
        }
