"""Real run directories, real supervisors, real scripts, all in a temporary folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGE_PARENT = os.path.join(ROOT, "src", "cluster", "python")
SUPERVISOR = os.path.join(PACKAGE_PARENT, "trainyard", "supervisor.py")
GOLDEN = os.path.join(ROOT, "test", "golden", "run-directory")
if PACKAGE_PARENT not in sys.path:
    sys.path.insert(0, PACKAGE_PARENT)

PATIENCE_S = 60.0


def wait_for(condition, what):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("waited in vain for " + what)


def is_dead(pid):
    """A zombie is dead: who should reap it may be lazy."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] in "ZXx"
    except OSError:
        return True


class Pool(unittest.TestCase):
    """A test case with an empty pool folder; supervisors that it started are ended with it."""

    def setUp(self):
        self.pool = tempfile.mkdtemp(prefix="trainyard-test-")
        self.addCleanup(self._remove)
        self.leases = os.path.join(self.pool, "leases")
        self.supervisors = []
        self.addCleanup(self._end)

    def _remove(self):
        for folder, _, _ in os.walk(self.pool):
            os.chmod(folder, 0o700)  # stored checkpoints are read-only
        shutil.rmtree(self.pool, True)

    def _end(self):
        for process in self.supervisors:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stderr:
                process.stderr.close()

    def make(self, script="", name="1.1.1", files=(), **changes):
        """A run directory with spec.json and work/train.py; `changes` replace keys of the spec."""
        run_dir = os.path.join(self.pool, "runs", name)
        os.makedirs(os.path.join(run_dir, "work"))
        with open(os.path.join(run_dir, "work", "train.py"), "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(script))
        spec = {
            "version": 1,
            "run": name,
            "trial": name.rpartition(".")[0],
            "experiment": 1,
            "attempt": 1,
            "key": str(uuid.uuid4()),
            "entrypoint": {"kind": "script", "interpreter": sys.executable, "script": "train.py", "arguments": []},
            "directory": ".",
            "environment": {},
            "secretNames": [],
            "hyperparameters": {},
            "seed": 7,
            "slots": [],
            "leases": self.leases,
            "checkpoints": os.path.join(self.pool, "checkpoints"),
            "latestCheckpoint": None,
            "stopAcknowledgeS": 10,
            "stopTermS": 10,
            "preemptionTimeoutS": 3600,
            "outputMetrics": True,
        }
        spec.update(changes)
        self.put(run_dir, "spec.json", spec)
        return run_dir

    def put(self, run_dir, name, value):
        temporary = os.path.join(run_dir, ".%s.test.tmp" % name)
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(temporary, os.path.join(run_dir, name))

    def control(self, run_dir, number, action):
        content = {"version": 1, "control": number, "action": action, "reason": "test", "at": time.time()}
        self.put(run_dir, "control.json", content)

    def start(self, run_dir, *options, env=None, only=None):
        """`env` is added to the environment, or to `only`."""
        process = subprocess.Popen(
            [sys.executable, "-S", "-E", SUPERVISOR, run_dir, *options],
            cwd=self.pool,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**(os.environ if only is None else only), **(env or {})},
        )
        self.supervisors.append(process)
        return process

    def finish(self, run_dir):
        """exit.json, once the run has ended."""
        path = os.path.join(run_dir, "exit.json")
        wait_for(lambda: os.path.exists(path), "exit.json")
        self.supervisors[-1].wait(PATIENCE_S)
        return self.read(run_dir, "exit.json")

    def run_script(self, script, **changes):
        """Runs a script to its end; returns its run directory and exit.json."""
        run_dir = self.make(script, **changes)
        self.start(run_dir)
        return run_dir, self.finish(run_dir)

    def read(self, run_dir, name):
        with open(os.path.join(run_dir, name), encoding="utf-8") as file:
            return json.load(file)

    def text(self, run_dir, name):
        with open(os.path.join(run_dir, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def say(self, run_dir, word):
        """Waits until the script has printed a word."""
        path = os.path.join(run_dir, "stdout.log")
        wait_for(lambda: os.path.exists(path) and word in self.text(run_dir, "stdout.log"), "%r in the output" % word)

    def events(self, run_dir, kind=None, writer=""):
        folder = os.path.join(run_dir, "events")
        found = []
        for name in sorted(os.listdir(folder)):
            if writer not in name:
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = file.read()
            self.assertTrue(text == "" or text.endswith("\n"), "a torn line in " + name)
            found += [json.loads(line) for line in text.splitlines()]
        return [event for event in found if kind is None or event["type"] == kind]
