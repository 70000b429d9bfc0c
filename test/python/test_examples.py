"""examples/digits as a person would use it: trained, paused, gone on from, bit for bit the same."""

import importlib.util
import os
import shutil
import sys
import unittest

from support import ROOT, Pool

DIGITS = os.path.join(ROOT, "examples", "digits")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def has(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


class Digits(Pool):
    def make_digits(self, name, script, epochs, **changes):
        entrypoint = {
            "kind": "script",
            "interpreter": sys.executable,
            "script": script,
            "arguments": ["--epochs", str(epochs)],
        }
        run_dir = self.make(name=name, entrypoint=entrypoint, environment=ONE_THREAD, **changes)
        shutil.copytree(DIGITS, os.path.join(run_dir, "work", "digits"))
        self.put(run_dir, "spec.json", {**self.read(run_dir, "spec.json"), "directory": "digits"})
        return run_dir

    def last_checkpoint(self, run_dir):
        event = self.events(run_dir, "checkpoint")[-1]
        return self.read(os.path.join(self.pool, "checkpoints", event["uuid"]), "manifest.json")

    def pause_and_go_on(self, script, epochs):
        whole = self.make_digits("1.1.1", script, epochs)
        self.start(whole)
        self.assertEqual(self.finish(whole)["code"], 0, self.text(whole, "stderr.log"))
        losses = [event["values"]["loss"] for event in self.events(whole, "metrics") if event["group"] == "training"]
        validations = [event for event in self.events(whole, "metrics") if event["group"] == "validation"]
        self.assertEqual(len(validations), epochs)
        self.assertEqual(set(validations[0]["values"]), {"val_loss", "accuracy"})
        self.assertLess(losses[-1], losses[0])

        first = self.make_digits("1.2.1", script, epochs)
        self.control(first, 1, "pause")  # paused from the start: it leaves after its first step
        self.start(first)
        ended = self.finish(first)
        self.assertEqual((ended["code"], ended["acknowledged"]), (0, {"control": 1, "action": "pause"}))
        paused = self.last_checkpoint(first)
        self.assertEqual(paused["step"], 1)

        latest = {"uuid": paused["uuid"], "step": paused["step"]}
        second = self.make_digits("1.2.2", script, epochs, latestCheckpoint=latest)
        self.start(second)
        self.assertEqual(self.finish(second)["code"], 0, self.text(second, "stderr.log"))
        self.assertIn("going on from step 1", self.text(second, "stdout.log"))
        gone_on = [event["values"]["loss"] for event in self.events(second, "metrics") if event["group"] == "training"]
        self.assertEqual(losses[1:], gone_on, "the same losses, to the last bit")
        return whole, second

    @unittest.skipUnless(has("sklearn"), "needs scikit-learn")
    def test_numpy(self):
        whole, second = self.pause_and_go_on("train.py", 2)
        self.assertEqual(self.last_checkpoint(whole)["files"], self.last_checkpoint(second)["files"])

    @unittest.skipUnless(has("sklearn", "torch"), "needs scikit-learn and PyTorch")
    def test_pytorch(self):
        self.pause_and_go_on("train_torch.py", 1)


if __name__ == "__main__":
    unittest.main()
