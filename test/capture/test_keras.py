"""Keras 3, on PyTorch and on TensorFlow."""

import csv
import os
import unittest

from libraries import in_environments

MODEL = """
import os
os.environ.setdefault("KERAS_BACKEND", "torch" if {torch} else "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy

keras.utils.set_random_seed(3)
rows = numpy.random.RandomState(1).randn(40, 4).astype("float32")
answers = rows.sum(1, keepdims=True)

def model():
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    made.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse", metrics=["mae"])
    return made
"""


@in_environments("new", "tensorflow")
class Keras:
    maxDiff = None

    def script(self, body):
        return MODEL.format(torch=self.environment == "new") + body

    def test_metrics_are_those_of_its_csv_logger(self):
        run_dir = self.run_captured(
            self.script(
                """
class Slow(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        import time
        time.sleep(0.06)

callbacks = [keras.callbacks.CSVLogger("log.csv"), Slow()]
model().fit(rows, answers, batch_size=4, epochs=3, verbose=0, validation_data=(rows[:8], answers[:8]), callbacks=callbacks)
"""
            )
        )
        told = {}
        with open(os.path.join(run_dir, "work/log.csv"), encoding="utf-8") as file:
            for row in csv.DictReader(file):
                for name in set(row) - {"epoch"}:
                    told.setdefault(name, []).append((10 * (int(row["epoch"]) + 1), float(row[name])))
        found = self.metrics(run_dir)
        batches = {key: found.pop(key) for key in list(found) if key[1].startswith("batch_")}
        self.assertEqual({name: points for (_, name), points in found.items()}, told)
        self.assertEqual({name for group, name in found if group == "validation"}, {"val_loss", "val_mae"})
        steps = [step for step, _ in batches["training", "batch_loss"]]
        self.assertTrue(1 <= len(steps) <= 8 and steps == sorted(steps), steps)
        self.assertEqual(self.events(run_dir, "progress")[-1]["fraction"], 1)


del Keras  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
