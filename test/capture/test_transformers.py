"""The Hugging Face Trainer, old and new."""

import os
import unittest

from libraries import in_environments

MODEL = """
import json, os
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import torch, transformers
from transformers import Trainer, TrainingArguments

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
        self.drop = torch.nn.Dropout(0.2)

    def forward(self, x=None, labels=None):
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

    def test_metrics_are_those_of_trainer_state(self):
        run_dir = self.run_captured(
            MODEL
            + """
t = trainer(num_train_epochs=2, report_to=["tensorboard"], hub_token="hf_secret", warmup_steps=3)
t.train()
t.state.save_to_json("state.json")
""",
            hyperparameters={"learning_rate": 0.05},
        )
        told = {}
        for row in self.read(run_dir, "work/state.json")["log_history"]:
            for name, value in row.items():
                if name not in ("step", "epoch"):
                    told.setdefault(name, []).append((row["step"], value))
        found = self.metrics(run_dir)
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


del Transformers  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
