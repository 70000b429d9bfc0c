"""A LightningModule, its flags read by absl."""

import lightning as L
import torch
from absl import app, flags
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn
from torchmetrics import Accuracy

from data import CIFAR

FLAGS = flags.FLAGS
flags.DEFINE_float("lr", 3e-4, "learning rate", lower_bound=0.0)
flags.DEFINE_integer("hidden", 128, "units")
flags.DEFINE_enum("schedule", "cosine", ["cosine", "constant"], "of the learning rate")
flags.DEFINE_bool("compile", False, "whether to compile")


class Classifier(L.LightningModule):
    def __init__(self, lr: float = 3e-4, hidden: int = 128, dropout=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(3072, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 10))
        self.accuracy = Accuracy(task="multiclass", num_classes=10)

    def _shared_step(self, batch, stage):
        x, y = batch
        logits = self.net(x)
        loss = nn.functional.cross_entropy(logits, y)
        self.log(f"{stage}/loss", loss, prog_bar=True)
        return loss, logits

    def training_step(self, batch, batch_idx):
        loss, logits = self._shared_step(batch, "train")
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        self.log("train_acc", self.accuracy(logits, batch[1]))
        self.log("grad_scale", 1.0, logger=False)
        return loss

    def validation_step(self, batch, batch_idx):
        loss, logits = self._shared_step(batch, "val")
        self.log_dict({"val_loss": loss, "val_acc": self.accuracy(logits, batch[1])}, prog_bar=True)

    def on_test_epoch_end(self):
        metrics = {"score": 0.5}
        metrics["worst"] = 0.1
        self.log_dict(metrics)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr, weight_decay=1e-2)


def main(_):
    L.seed_everything(42, workers=True)
    model = Classifier(FLAGS.lr, hidden=FLAGS.hidden)
    checkpoint = ModelCheckpoint(monitor="val_loss", mode="min")
    trainer = L.Trainer(max_epochs=10, callbacks=[checkpoint], log_every_n_steps=10)
    trainer.fit(model, CIFAR(batch_size=64))


if __name__ == "__main__":
    app.run(main)
