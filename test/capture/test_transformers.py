"""The Hugging Face Trainer, old and new."""

import os
import unittest

from libraries import in_environments
from support import wait_for

MODEL = """
import os, time
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import torch, transformers
from transformers import Trainer, TrainingArguments

class Model(torch.nn.Module):
    steps = 0

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
        self.drop = torch.nn.Dropout(0.2)

    def forward(self, x=None, labels=None):
        if self.training:
            Model.steps += 1
            time.sleep(1000 if Model.steps == int(os.environ.get("HANG_AT", -1)) else float(os.environ.get("SLOW_S", 0)))
        out = self.layer(self.drop(x))
        return {"loss": (out - labels).square().mean(), "logits": out}

generator = torch.Generator().manual_seed(1)
rows = torch.randn(40, 4, generator=generator)
data = [{"x": row, "labels": row.sum().reshape(1)} for row in rows]

def arguments(**changes):
    when = "eval_strategy" if hasattr(TrainingArguments, "eval_strategy") else "evaluation_strategy"
    settings = dict(output_dir="out", per_device_train_batch_size=4, logging_steps=2, disable_tqdm=True, report_to="none",
                    learning_rate=0.05, use_cpu=True)
    settings[when] = "epoch"
    return TrainingArguments(**{**settings, **changes})

def trainer(**changes):
    transformers.set_seed(3)
    return Trainer(model=Model(), args=arguments(**changes), train_dataset=data, eval_dataset=data[:8])
"""


@in_environments("new", "old")
class Transformers:
    maxDiff = None

    script = (
        MODEL
        + """
t = trainer(num_train_epochs=2, report_to=["tensorboard"], hub_token="hf_secret", warmup_steps=3, save_steps=6)
t.train()
print("after train", flush=True)
t.state.save_to_json("state.json")
t.log({"eval_matrix": [[1, 2]], "nothing": None, "text": "x" * 100_000, "array": torch.ones(3), 'odd " name\\n': 0.5})
open("weights", "wb").write(t.model.layer.weight.detach().numpy().tobytes() + torch.get_rng_state().numpy().tobytes())
"""
    )

    def weights(self, run_dir):
        with open(os.path.join(run_dir, "work/weights"), "rb") as file:
            return file.read()

    def test_metrics_checkpoints_and_the_end_after_a_kill_and_a_pause(self):
        plain = self.run_captured(self.script, capture=[], name="2.1.1", outputMetrics=False)
        run_dir = self.run_captured(self.script, hyperparameters={"learning_rate": 0.05}, name="3.1.1")
        self.assertEqual(self.weights(run_dir), self.weights(plain), "equal to the bit without capture")
        self.check_metrics(run_dir)
        found = self.manifests()
        self.assertEqual([each["step"] for each in found][:3], [6, 12, 18])
        self.assertEqual(found[0]["metadata"]["captured"]["by"], "transformers")
        self.assertIn("out/checkpoint-6/trainer_state.json", self.paths(found[0]))
        self.assertIn("training/loss", found[0]["metrics"])

        killed = self.make(self.script, environment={"HANG_AT": "9"})
        self.start(killed)
        last = wait_for(lambda: [each for each in self.manifests() if each["run"] == "1.1.1" and each["step"] == 6], "it")[-1]
        self.kill_script(killed)

        paused = self.continue_from(last, self.script, environment={"SLOW_S": "0.3"})
        self.start(paused)
        self.wait_for_step(paused, 8)
        self.control(paused, 1, "preempt")
        ended = self.finish(paused)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "preempt"})
        self.assertEqual(ended["escalated"], None)
        self.assertNotIn("after train", self.text(paused, "stdout.log"))
        last = self.manifests()[-1]
        self.assertEqual((last["run"], last["step"] > 6), ("1.1.2", True))

        again = self.continue_from(last, self.script, name="1.1.3")
        self.good_end(again)
        self.assertIn("train() goes on from", self.text(again, "stderr.log"))
        steps = [step for step, _ in self.metrics(again)["training", "loss"]]
        self.assertEqual(steps, [step for step in range(2, 21, 2) if step > last["step"]])
        self.assertEqual(self.weights(again), self.weights(plain), "as if it had never been killed or paused")

    def check_metrics(self, run_dir):
        told = {}
        for row in self.read(run_dir, "work/state.json")["log_history"]:
            for name, value in row.items():
                if name not in ("step", "epoch"):
                    told.setdefault(name, []).append((row["step"], value))
        found = self.metrics(run_dir)
        self.assertEqual(found.pop(("training", 'odd " name')), [(20, 0.5)])
        self.assertEqual(list(self.warnings(run_dir)), ["capture_value transformers"])
        self.assertEqual({name: points for (_, name), points in found.items()}, told)
        self.assertEqual([step for step, _ in found["training", "loss"]], list(range(2, 21, 2)))
        self.assertEqual([step for step, _ in found["validation", "eval_loss"]], [10, 20])
        values, origin = self.parameters(run_dir)
        self.assertEqual(values["warmup_steps"], 3)
        self.assertEqual(origin["warmup_steps"], "captured")
        self.assertEqual(origin["learning_rate"], "configuration")
        self.assertEqual((values["seed"], origin["seed"]), (42, "default"))
        self.assertNotIn("hf_secret", self.text(run_dir, os.path.join("events", os.listdir(run_dir + "/events")[0])))
        self.assertEqual(self.events(run_dir, "progress")[0]["fraction"], 0.05)


@in_environments("new")
class TwoProcesses:
    def test_they_leave_together(self):
        command = [self.python(), "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "train.py"]
        run_dir = self.make(
            MODEL + "trainer(num_train_epochs=400, save_strategy='no', ddp_backend='gloo').train()\nprint('after train')\n",
            entrypoint={"kind": "command", "argv": command},
            environment={"SLOW_S": "0.1"},
        )
        self.start(run_dir)
        self.wait_for_step(run_dir, 4)
        self.control(run_dir, 1, "pause")
        ended = self.finish(run_dir)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "pause"}, self.text(run_dir, "stderr.log")[-4000:])
        self.assertNotIn("after train", self.text(run_dir, "stdout.log"))
        (last,) = self.manifests()
        self.assertEqual(last["step"] % 10, 0)
        folder = "out/checkpoint-%d/" % last["step"]
        for name in ("rng_state_0.pth", "rng_state_1.pth", "trainer_state.json"):
            self.assertIn(folder + name, self.paths(last))
        steps = [step for step, _ in self.metrics(run_dir)["training", "loss"]]
        self.assertEqual(steps, sorted(set(steps)), "of the first process alone")


del Transformers, TwoProcesses  # only what was made of them is to be run

if __name__ == "__main__":
    unittest.main()
