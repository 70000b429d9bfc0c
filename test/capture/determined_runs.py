"""Runs of scripts that were written for Determined."""

import json
import os
import sys

from libraries import Captured


class DeterminedRuns(Captured):
    """With the Python of the tests, unless `environment` names another one."""

    environment = None

    def python(self):
        return sys.executable if self.environment is None else super().python()

    def run_determined(self, script, **changes):
        changes.setdefault("configuration", {})
        return self.run_captured(script, **changes)

    def manifest(self, uuid):
        with open(os.path.join(self.pool, "checkpoints", uuid, "manifest.json")) as file:
            return json.load(file)

    def slots(self, count):
        return [{"id": "cpu:%d" % i, "kind": "cpu", "index": i, "lease": "cpu-%d" % i} for i in range(count)]
