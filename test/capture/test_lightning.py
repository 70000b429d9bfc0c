"""Lightning, by both of its names, new and old."""

import csv
import os
import unittest

from libraries import in_environments
from support import wait_for

MODEL = """
import os, time, {package} as pl, torch

class Model(pl.LightningModule):
    def __init__(self, lr=0.1, width=4):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_index):
        if self.global_step == int(os.environ.get("HANG_AT", -1)):
            time.sleep(1000)
        time.sleep(float(os.environ.get("SLOW_S", 0)))
        loss = (self.layer(batch) - batch.sum(1, keepdim=True)).square().mean()
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_index):
        self.log("error", (self.layer(batch) - batch.sum(1, keepdim=True)).abs().mean())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), self.hparams.lr)

def data():
    generator = torch.Generator().manual_seed(1)
    return torch.utils.data.DataLoader(torch.randn(40, 4, generator=generator), batch_size=4)

def trainer(**changes):
    quiet = dict(accelerator="cpu", enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=3)
    return pl.Trainer(**{{**quiet, **changes}})

pl.seed_everything(3)
"""


def script_of(body, package="lightning.pytorch"):
    return (MODEL + body).format(package=package)


@in_environments("new", "lightning")
class Lightning:
    maxDiff = None

    def content(self, run_dir, name):
        with open(os.path.join(run_dir, "work", name), "rb") as file:
            return file.read()

    def test_metrics_checkpoints_and_the_end_after_a_kill(self):
        script = script_of(
            """
from {package}.loggers import CSVLogger, TensorBoardLogger
model = Model(lr=0.2)
loggers = [CSVLogger("csv"), TensorBoardLogger("board")]
callback = pl.callbacks.ModelCheckpoint(monitor="error", save_top_k=2)
trainer(max_epochs=4, logger=loggers, callbacks=[callback]).fit(model, data(), data())
open("weights", "wb").write(model.layer.weight.detach().numpy().tobytes())
open("random", "wb").write(torch.get_rng_state().numpy().tobytes())
"""
        )
        plain = self.run_captured(script, capture=[], name="2.1.1")
        run_dir = self.run_captured(script, hyperparameters={"width": 8}, name="3.1.1")
        for name in ("weights", "random"):
            self.assertEqual(self.content(run_dir, name), self.content(plain, name), "equal to the bit without capture")
        self.check_metrics(run_dir)
        found = self.manifests()
        self.assertEqual([each["step"] for each in found], [10, 20, 30, 40])
        self.assertEqual(found[0]["metadata"]["captured"]["by"], "lightning")
        self.assertEqual(found[0]["metadata"]["training"], 1)
        error = found[0]["metrics"]["validation/error"]
        self.assertEqual(found[0]["metadata"]["monitored"], {"error": error})
        self.assertEqual(self.paths(found[0]), ["csv/lightning_logs/version_0/checkpoints/epoch=0-step=10.ckpt"])

        killed = self.make(script, environment={"HANG_AT": "25"})
        self.start(killed)
        last = wait_for(lambda: [each for each in self.manifests() if each["run"] == "1.1.1" and each["step"] == 20], "it")[-1]
        self.kill_script(killed)
        again = self.continue_from(last, script)
        self.good_end(again)
        self.assertEqual(min(step for points in self.metrics(again).values() for step, _ in points), 21)
        self.assertEqual(self.content(again, "weights"), self.content(plain, "weights"), "as if it had never been killed")
        self.assertIn("fit() goes on from", self.text(again, "stderr.log"))

    def check_metrics(self, run_dir):
        told = {}
        with open(os.path.join(run_dir, "work/csv/lightning_logs/version_0/metrics.csv"), encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for name, value in row.items():
                    if value and name not in ("step", "epoch"):
                        # Lightning's loggers count from 0, its checkpoints from 1.
                        told.setdefault(name, []).append((int(row["step"]) + 1, float(value)))
        found = self.metrics(run_dir)
        self.assertEqual(set(told), {"train_loss_step", "train_loss_epoch", "error"})
        self.assertEqual({name: sorted(points) for (_, name), points in found.items()}, told)
        self.assertIn(("validation", "error"), found)
        values, origin = self.parameters(run_dir)
        self.assertEqual(values, {"lr": 0.2, "width": 8})
        self.assertEqual(origin, {"lr": "captured", "width": "configuration"})
        self.assertEqual(self.events(run_dir, "progress")[0]["fraction"], 0.025)
        self.assertEqual(self.warnings(run_dir), {})

    def test_preemption(self):
        script = script_of(
            """
model = Model()
trainer(max_epochs=4, logger=False, enable_checkpointing=False).fit(model, data(), data())
print("after fit", flush=True)
""",
            package="pytorch_lightning",
        )
        run_dir = self.make(script, environment={"SLOW_S": "0.1"})
        self.start(run_dir)
        self.wait_for_step(run_dir, 12)
        self.control(run_dir, 1, "pause")
        ended = self.finish(run_dir)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "pause"})
        self.assertEqual(ended["escalated"], None)
        self.assertNotIn("after fit", self.text(run_dir, "stdout.log"))
        (last,) = self.manifests()
        self.assertEqual(self.paths(last), ["trainyard.ckpt"])
        again = self.continue_from(last, script)
        self.good_end(again)
        steps = [step for points in self.metrics(again).values() for step, _ in points]
        self.assertTrue(last["step"] < min(steps) <= last["step"] + 3, (last["step"], steps))
        self.assertEqual(max(steps), 40)
        self.assertIn("after fit", self.text(again, "stdout.log"))


@in_environments("new")
class TwoProcesses:
    def test_they_leave_together(self):
        script = script_of(
            """
trainer(max_epochs=40, logger=False, strategy="ddp", devices=2, enable_checkpointing=False).fit(Model(), data(), data())
print("after fit", flush=True)
"""
        )
        run_dir = self.make(script, environment={"SLOW_S": "0.1"})
        self.start(run_dir)
        self.wait_for_step(run_dir, 6)
        self.control(run_dir, 1, "pause")
        ended = self.finish(run_dir)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "pause"})
        self.assertNotIn("after fit", self.text(run_dir, "stdout.log"))
        (last,) = self.manifests()
        self.assertEqual(self.paths(last), ["trainyard.ckpt"])
        steps = [step for step, _ in self.metrics(run_dir)["training", "train_loss_step"]]
        self.assertEqual(steps, sorted(set(steps)), "of the first process alone")


del Lightning, TwoProcesses  # only what was made of them is to be run

if __name__ == "__main__":
    unittest.main()
