"""Event files of processes that the hook does not reach: the supervisor reads them as they grow."""

import os
import time
import unittest

import libraries
from support import wait_for

PARENT = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-I", "child.py"]).returncode)
"""

TENSORBOARD = """
from tensorboardX import SummaryWriter
writer = SummaryWriter("logs", flush_secs=1)
for step in range(300):
    writer.add_scalar("loss/val", 1 / (step + 1), step)
writer.close()
"""

WANDB = """
import os, time
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
import wandb
run = wandb.init(dir=".", config={"depth": 3, "lr": 0.1})
for step in range(2000):
    run.log({"loss": step, "long": "x" * 100})
print("logged", flush=True)
while not os.path.exists("go"):
    time.sleep(0.1)
run.log({"loss": -1})
run.finish()
"""


class LogFilesOfOthers(libraries.Captured):
    environment = "new"

    def test_a_process_out_of_reach_and_one_within(self):
        run_dir = self.make_parent(TENSORBOARD)
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        found = self.metrics(run_dir)["validation", "loss/val"]
        self.assertEqual([step for step, _ in found], list(range(300)))
        self.assertAlmostEqual(found[9][1], 0.1, 6)  # a float of 32 bits
        self.assertTrue(all(name.startswith("0-files-") for name in self.writers(run_dir)), self.writers(run_dir))

        run_dir = self.run_captured(
            """
            import time
            from torch.utils.tensorboard import SummaryWriter
            writer = SummaryWriter("logs")
            for step in range(3):
                writer.add_scalar("loss", step, step)
            writer.flush()
            time.sleep(6)
            """,
            name="1.2.1",
        )
        self.assertEqual(self.metrics(run_dir), {("training", "loss"): [(0, 0), (1, 1), (2, 2)]})
        self.assertFalse([name for name in self.writers(run_dir) if "files" in name])

    def test_live_with_wandb_and_an_adopter_doubles_nothing(self):
        run_dir = self.make_parent(WANDB, hyperparameters={"lr": 0.5})
        supervisor = self.start(run_dir)
        self.say(run_dir, "logged")
        wait_for(lambda: len(self.losses(run_dir)) > 500, "points while it runs")
        supervisor.kill()
        supervisor.wait()
        self.start(run_dir, "--adopt")
        wait_for(lambda: self.read(run_dir, "supervisor.json")["adopted"], "the adoption")
        with open(os.path.join(run_dir, "work", "go"), "w", encoding="ascii"):
            pass
        self.finish(run_dir)
        self.assertEqual(self.losses(run_dir), sorted([(step, step) for step in range(2000)] + [(2000, -1)]))
        values, origin = self.parameters(run_dir)
        self.assertEqual(values["depth"], 3)
        self.assertNotIn("lr", values)  # the configuration's stays

    def test_switched_off(self):
        run_dir = self.make_parent(TENSORBOARD, capture=["parameters"])
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertEqual(self.metrics(run_dir), {})

    def make_parent(self, child, **changes):
        run_dir = self.make(PARENT, **changes)
        with open(os.path.join(run_dir, "work", "child.py"), "w", encoding="ascii") as file:
            file.write(child)
        return run_dir

    def losses(self, run_dir):
        """Those of all writers."""
        return sorted(self.metrics(run_dir).get(("training", "loss"), [])) if self._has_whole_lines(run_dir) else []

    def _has_whole_lines(self, run_dir):
        for _ in range(100):
            try:
                self.events(run_dir)
                return True
            except (AssertionError, FileNotFoundError):  # read in the middle of a write
                time.sleep(0.01)
        return False

    def writers(self, run_dir):
        folder = os.path.join(run_dir, "events")
        return [
            name for name in sorted(os.listdir(folder))
            if b'"metrics"' in _bytes_of(os.path.join(folder, name))
        ]


def _bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    unittest.main()
