"""Lightning, by both of its names."""

import csv
import os
import unittest

from libraries import in_environments

MODEL = """
import {package} as pl, torch

class Model(pl.LightningModule):
    def __init__(self, lr=0.1, width=4):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_index):
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


@in_environments("new")
class Lightning:
    maxDiff = None

    package = "lightning.pytorch"

    def script(self, body):
        return MODEL.format(package=self.package) + body

    def test_metrics_are_those_that_its_csv_logger_is_told(self):
        run_dir = self.run_captured(
            self.script(
                """
from {package}.loggers import CSVLogger, TensorBoardLogger
trainer(max_epochs=2, logger=[CSVLogger("csv"), TensorBoardLogger("board")]).fit(Model(lr=0.2), data(), data())
""".format(package=self.package)
            ),
            hyperparameters={"width": 8},
        )
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
        self.assertEqual(self.events(run_dir, "progress")[0]["fraction"], 0.05)
        self.assertEqual(self.warnings(run_dir), {})


del Lightning  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
