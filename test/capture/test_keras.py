"""Keras 3, on PyTorch and on TensorFlow."""

import csv
import os
import unittest

from libraries import in_environments
from support import wait_for

MODEL = """
import os, time
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

    def weights(self, run_dir):
        with open(os.path.join(run_dir, "work/weights"), "rb") as file:
            return file.read()

    def test_backup_and_restore(self):
        """Killed, paused, and at the end the same weights as without; equal to the bit without capture."""
        script = self.script(
            """
class Slow(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        time.sleep(1000 if epoch == int(os.environ.get("HANG_AT", -1)) else float(os.environ.get("SLOW_S", 0)))

made = model()
callbacks = [
    Slow(),
    keras.callbacks.BackupAndRestore("backup"),
    keras.callbacks.ModelCheckpoint("models/{epoch}.keras", monitor="val_loss", save_best_only=True),
]
fit = dict(batch_size=4, epochs=6, verbose=0, shuffle=False, validation_data=(rows[:8], answers[:8]), callbacks=callbacks)
made.fit(rows, answers, **fit)
print("after fit", flush=True)
open("weights", "wb").write(b"".join(numpy.asarray(weight).tobytes() for weight in made.get_weights()))
"""
        )
        plain = self.run_captured(script, capture=[], name="2.1.1")
        killed = self.make(script, environment={"HANG_AT": "2"})
        self.start(killed)
        last = wait_for(lambda: [each for each in self.manifests() if each["step"] == 20], "a checkpoint")[-1]
        self.kill_script(killed)
        self.assertEqual(
            self.paths(last), ["backup/latest.weights.h5", "backup/training_metadata.json", "models/2.keras"]
        )
        self.assertEqual(last["metadata"]["captured"]["by"], "keras")
        self.assertIn("validation/val_loss", last["metrics"])

        paused = self.continue_from(last, script, environment={"SLOW_S": "1"})
        self.start(paused)
        self.wait_for_step(paused, 21)
        self.control(paused, 1, "pause")
        ended = self.finish(paused)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "pause"})
        self.assertEqual(ended["escalated"], None)
        last = self.manifests()[-1]
        self.assertEqual((last["run"], last["step"] % 10, last["step"] < 60), ("1.1.2", 0, True))

        again = self.continue_from(last, script, name="1.1.3")
        self.good_end(again)
        steps = [step for step, _ in self.metrics(again)["validation", "val_loss"]]
        self.assertEqual(steps, list(range(last["step"] + 10, 61, 10)))
        self.assertEqual(self.weights(again), self.weights(plain))

    def test_metrics_are_those_of_its_csv_logger(self):
        run_dir = self.run_captured(
            self.script(
                """
class Slow(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
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
