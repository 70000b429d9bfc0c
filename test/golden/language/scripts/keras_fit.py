"""Keras's own loop, with Determined's way of reading parameters beside it."""

import determined as det
import keras
import numpy as np
import tensorflow as tf
from keras import layers

info = det.get_cluster_info()
hparams = info.trial.hparams if info else {"lr": 0.01}
learning_rate = hparams["lr"]
units = hparams.get("units", 32)

keras.utils.set_random_seed(info.trial.trial_seed)
x, y = np.random.rand(512, 8), np.random.randint(0, 2, 512)

model = keras.Sequential([layers.Dense(units, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
    loss="binary_crossentropy",
    metrics=["accuracy", keras.metrics.AUC(name="auc"), keras.metrics.MeanSquaredError(), tf.keras.metrics.Precision(name=f"p{units}")],
)
model.fit(x, y, validation_split=0.2, epochs=5, batch_size=hparams["data"]["batch_size"])

writer = tf.summary.create_file_writer("logs")
with writer.as_default():
    tf.summary.scalar("final/val_loss", model.evaluate(x, y)[0], step=1)

with det.core.init() as core_context:
    core_context.train.report_training_metrics(steps_completed=5, metrics={"loss": 0.1, "by": {"class": 0.2}})
    core_context.train.report_validation_metrics(5, {"accuracy": 0.9})
