"""A PyTorchTrial in two ranks, as a `module:Class` entrypoint starts it."""

import os

from determined_runs import DeterminedRuns
from test_determined_pytorch import HPARAMS, MODEL


class TwoRanks(DeterminedRuns):
    environment = "new"

    def start_trial(self, pace_s, **changes):
        run_dir = self.make(
            "",
            entrypoint={
                "kind": "command",
                "argv": ["python3", "-m", "determined.launch.torch_distributed", "--trial", "model_def:Trial"],
                "interpreter": self.python(),
            },
            slots=self.slots(2),
            hyperparameters=HPARAMS,
            configuration={
                "entrypoint": "model_def:Trial",
                "searcher": {"name": "single", "metric": "validation_loss", "max_length": {"epochs": 2}},
                "min_validation_period": {"batches": 4},
                "scheduling_unit": 2,
            },
            **changes,
        )
        with open(os.path.join(run_dir, "work", "model_def.py"), "w") as file:
            file.write(MODEL.replace("PACE", str(pace_s)))
        self.start(run_dir)
        return run_dir

    def test_paused_and_continued(self):
        part = self.start_trial(0.2)
        self.say(part, "stored")
        self.control(part, 1, "pause")
        ended = self.finish(part)
        self.assertEqual(ended["code"], 0, self.text(part, "stderr.log"))
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "pause"})
        last = self.events(part, "checkpoint")[-1]
        self.assertLess(last["step"], 16)

        latest = {"uuid": last["uuid"], "step": last["step"]}
        rest = self.start_trial(0, name="1.1.2", attempt=2, latestCheckpoint=latest)
        self.assertEqual(self.finish(rest)["code"], 0, self.text(rest, "stderr.log"))
        found = self.metrics(rest)
        steps = [step for step, _ in found["training", "loss"]]
        self.assertEqual(steps, [step for step in range(2, 17, 2) if step > last["step"]])
        validated = [step for step, _ in found["validation", "validation_loss"]]
        self.assertEqual(validated, [step for step in (4, 8, 12, 16) if step > last["step"]])
        self.assertEqual(self.events(rest, "checkpoint")[-1]["step"], 16)
