"""determined.transformers.DetCallback and determined.keras.DeterminedCallback, with the real libraries."""

from determined_runs import DeterminedRuns
from libraries import in_environments

TRAINER = """
import torch, time, determined as det
from transformers import Trainer, TrainingArguments, TrainerCallback
from determined.transformers import DetCallback

class Data(torch.utils.data.Dataset):
    def __len__(self): return 32
    def __getitem__(self, i): return {"x": torch.tensor([i / 32]), "labels": torch.tensor([float(i)])}

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)
    def forward(self, x, labels):
        out = self.linear(x)
        return {"loss": torch.nn.functional.mse_loss(out, labels), "logits": out}

class Pace(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        time.sleep(PACE)
        print("at step", state.global_step, "end", flush=True)

options = dict(
    output_dir="out", max_steps=12, per_device_train_batch_size=8, logging_steps=2, eval_steps=4, save_steps=4,
    save_strategy="steps", report_to=[], disable_tqdm=True,
)
strategy = "eval_strategy" if hasattr(TrainingArguments, "eval_strategy") else "evaluation_strategy"
options["use_cpu" if hasattr(TrainingArguments, "use_cpu") else "no_cuda"] = True
with det.core.init() as core:
    args = TrainingArguments(**options, **{strategy: "steps"})
    trainer = Trainer(model=Model(), args=args, train_dataset=Data(), eval_dataset=Data(), callbacks=[Pace()])
    trainer.add_callback(DetCallback(core, args, user_data={"mine": True}))
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint)
    print("ended at", trainer.state.global_step, flush=True)
"""


@in_environments("new", "old")
class Transformers(DeterminedRuns):
    def test_metrics_checkpoints_and_a_pause(self):
        searcher = {"name": "random", "metric": "eval_loss", "max_length": {"epochs": 3}}
        options = {"configuration": {"searcher": searcher}, "capture": []}
        part = self.make(TRAINER.replace("PACE", "0.2"), **options)
        self.start(part)
        self.say(part, "at step 5 end")
        self.control(part, 1, "pause")
        ended = self.finish(part)
        self.assertEqual((ended["code"], ended["acknowledged"] or self.text(part, "stderr.log")),
                         (0, {"control": 1, "action": "pause"}))  # fmt: skip
        stored = self.events(part, "checkpoint")
        last = stored[-1]["step"]
        self.assertEqual(stored[0]["step"], 4)
        self.assertLess(last, 12)
        metadata = self.manifest(stored[0]["uuid"])["metadata"]
        self.assertEqual(metadata, {"steps_completed": 4, "trial_id": 1000001, "mine": True})
        found = self.metrics(part)
        self.assertEqual([step for step, _ in found["training", "loss"]][:2], [2, 4])
        self.assertEqual(found["validation", "epochs"][0], (4, 1))
        self.assertIn(("validation", "eval_loss"), found)

        rest = self.run_captured(
            TRAINER.replace("PACE", "0"), name="1.1.2", attempt=2,
            latestCheckpoint={"uuid": stored[-1]["uuid"], "step": last}, **options,
        )  # fmt: skip
        self.assertIn("at step %d end" % (last + 1), self.text(rest, "stdout.log"))
        self.assertNotIn("at step %d end" % last, self.text(rest, "stdout.log"))
        self.assertIn("ended at 12", self.text(rest, "stdout.log"))
        self.assertEqual(self.events(rest, "progress")[-1]["fraction"], 1)


KERAS = """
import os, time
BACKEND
import numpy as np, keras, determined as det
from determined.keras import DeterminedCallback
keras.utils.set_random_seed(3)
class Pace(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        time.sleep(WAIT); print("an epoch", flush=True)
x = np.arange(32).reshape(32, 1) / 32
model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
with det.core.init() as core:
    callback = DeterminedCallback(core, det.get_cluster_info().latest_checkpoint, train_metrics_report_period=2)
    model.fit(x, x * 2, batch_size=8, epochs=6, validation_data=(x, x), verbose=0, shuffle=False, callbacks=[Pace(), callback])
print("iterations", int(model.optimizer.iterations), "weights", [round(float(w.sum()), 9) for w in model.get_weights()])
"""


FROM_TF_CONFIG = """
import determined
distributed, strategy = determined.core.DistributedContext.from_tf_config()
assert distributed.size == 1 and strategy.num_replicas_in_sync == 1
"""


@in_environments("new", "tensorflow")
class Keras(DeterminedRuns):
    def test_metrics_checkpoints_and_a_pause(self):
        backend = "os.environ['KERAS_BACKEND'] = 'torch'" if self.environment == "new" else FROM_TF_CONFIG
        script = KERAS.replace("BACKEND", backend)
        options = {"configuration": {}, "capture": []}
        part = self.make(script.replace("WAIT", "0.3"), **options)
        self.start(part)
        self.say(part, "an epoch")
        self.control(part, 1, "pause")
        ended = self.finish(part)
        self.assertEqual((ended["code"], ended["acknowledged"]), (0, {"control": 1, "action": "pause"}))
        last = self.events(part, "checkpoint")[-1]
        self.assertLess(last["step"], 24)
        rest = self.run_captured(
            script.replace("WAIT", "0"), name="1.1.2", attempt=2,
            latestCheckpoint={"uuid": last["uuid"], "step": last["step"]}, **options,
        )  # fmt: skip
        found = self.metrics(rest)
        self.assertEqual(found["validation", "epochs"][-1], (24, 6))
        self.assertEqual([step for step, _ in found["training", "loss"]], list(range(last["step"] + 2, 25, 2)))
        # Adam's moments and counter were restored: the end is that of a run that was never paused.
        whole = self.run_captured(script.replace("WAIT", "0"), name="1.2.1", **options)
        ends = [self.text(run, "stdout.log").splitlines()[-1] for run in (rest, whole)]
        self.assertEqual(ends[0], ends[1])
        self.assertIn("iterations 24 ", ends[0])


del Transformers, Keras

if __name__ == "__main__":
    import unittest

    unittest.main()
