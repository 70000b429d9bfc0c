"""Scripts that know nothing of Trainyard, run with the real libraries of an environment (new, old or tensorflow)."""

import json
import os
import signal
import unittest

import support
from support import Pool, wait_for

support.PATIENCE_S = 240.0  # to import one of these libraries takes 10 s on a machine that has nothing else to do

ALL_PARTS = ["metrics", "parameters", "checkpoints", "preemption", "timing"]
_ENVIRONMENTS = json.loads(os.environ.get("TRAINYARD_CAPTURE_ENVIRONMENTS", "{}"))


class Captured(Pool):
    """`environment` of the class says where its scripts run."""

    environment = "new"

    def python(self):
        """The interpreter; a test whose libraries cannot be had is skipped by name."""
        found = _ENVIRONMENTS.get(self.environment, {"problem": "npm test has not made it"})
        if "python" not in found:
            raise unittest.SkipTest("not tested: the libraries of %s.txt: %s" % (self.environment, found.get("problem")))
        return found["python"]

    def make(self, script="", **changes):
        changes.setdefault("capture", ALL_PARTS)
        changes.setdefault(
            "entrypoint",
            {"kind": "script", "interpreter": self.python(), "script": "train.py", "arguments": []},
        )
        return super().make(script, **changes)

    def run_captured(self, script, **changes):
        """Runs a script to its end, which must be a good one; returns its run directory."""
        run_dir, ended = self.run_script(script, **changes)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log")[-4000:])
        return run_dir

    def metrics(self, run_dir):
        """{(group, name): [(step, value), ...]} in the order of their reports."""
        found = {}
        for event in self.events(run_dir, "metrics"):
            for name, value in event["values"].items():
                found.setdefault((event["group"], name), []).append((event["step"], value))
        return found

    def wait_for_step(self, run_dir, step):
        """Until a metric was reported at that step or a later one."""

        def is_there():
            try:
                return any(event["step"] >= step for event in self.events(run_dir, "metrics"))
            except FileNotFoundError:
                return False  # it has only just started

        wait_for(is_there, "a metric of step %s" % step)

    def parameters(self, run_dir):
        """What the last `params` event says: values and origin."""
        last = self.events(run_dir, "params")[-1]
        return last["values"], last["origin"]

    def warnings(self, run_dir):
        return {event["code"]: event["message"] for event in self.events(run_dir, "warning")}


    def manifests(self):
        """Of all checkpoints of the pool, the oldest first."""
        root = os.path.join(self.pool, "checkpoints")
        names = os.listdir(root) if os.path.isdir(root) else []
        folders = [os.path.join(root, name) for name in names]
        found = [self.read(folder, "manifest.json") for folder in folders if os.path.exists(folder + "/manifest.json")]
        return sorted(found, key=lambda manifest: manifest["createdAt"])

    def paths(self, manifest):
        return [file["path"] for file in manifest["files"]]

    def continue_from(self, manifest, script, name="1.1.2", **changes):
        """A run directory that goes on from that checkpoint."""
        return self.make(script, name=name, latestCheckpoint={"uuid": manifest["uuid"], "step": manifest["step"]}, **changes)

    def kill_script(self, run_dir):
        os.kill(self.read(run_dir, "supervisor.json")["script"]["pid"], signal.SIGKILL)
        self.finish(run_dir)

    def good_end(self, run_dir):
        """Starts it, and waits for its end, which must be a good one."""
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log")[-4000:])


def in_environments(*names):
    """A class decorator: the same tests once for each environment, as NAME_new, NAME_old ..."""

    def make(case):
        module = __import__("sys").modules[case.__module__]
        for name in names:
            title = "%s_%s" % (case.__name__, name)
            setattr(module, title, type(title, (case, Captured), {"environment": name, "__module__": case.__module__}))
        return case

    return make
