"""Keras's own saves, on its torch and TensorFlow backends."""

import os
import unittest

from libraries import in_environments


@in_environments("new", "tensorflow")
class KerasSaves:
    def test_saves(self):
        backend = {"new": "torch", "tensorflow": "tensorflow"}[self.environment]
        run_dir = self.run_captured(
            """
            import keras, os, trainyard
            from trainyard.capture import storing
            run = trainyard.init()
            model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
            model.compile("sgd", "mse")
            os.makedirs("out")
            run.report(1, loss=1)
            model.save("out/whole.keras")
            model.save_weights("out/only.weights.h5")
            storing.storer().flush()
            run.report(2, loss=1)
            keras.saving.save_model(model, "old.h5")
            storing.storer().flush()
            run.report(3, loss=1)
            try: model.save("no-such-kind.xyz")
            except ValueError: print("raised")
            """,
            environment={"KERAS_BACKEND": backend},
        )
        self.assertEqual(self.text(run_dir, "stdout.log").strip(), "raised")
        root = os.path.join(self.pool, "checkpoints")
        found = [self.read(os.path.join(root, name), "manifest.json") for name in os.listdir(root)]
        self.assertEqual(
            sorted((each["step"], [file["path"] for file in each["files"]]) for each in found),
            [(1, ["out/only.weights.h5", "out/whole.keras"]), (2, ["old.h5"])],
            self.text(run_dir, "stderr.log"),
        )
        self.assertEqual({each["metadata"]["captured"]["by"] for each in found}, {"keras"})
        self.assertEqual(self.warnings(run_dir), {})


del KerasSaves  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
