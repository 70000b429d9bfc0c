"""The golden files: what harness and supervisor write is, byte for byte but for times and names of this machine, what
the reader's tests (test/cluster/) read. TRAINYARD_UPDATE_GOLDEN=1 writes them anew."""

import os
import re
import shutil
import sys
import unittest

from support import GOLDEN, Pool

TRAINING = """\
import pathlib, sys, time
import trainyard

run = trainyard.init()
lr = trainyard.param("lr", 0.1)
trainyard.param("optimizer.name", "sgd")
for step in range(3):
    run.report(step, loss=1 / (step + 1))
run.report(3, {"loss": float("nan"), "high": float("inf"), "low": float("-inf"), "gr\\u00f6\\u00dfe/a": 1}, group="training")
run.report(2.5, {"x": 1e-07, "skipped": None}, group="my group")
run.validate(3, {"val_loss": 0.25, "n": 12345678901234567890})
run.progress(0.75)
with run.checkpoint(3, epoch=1, note="best") as path:
    (path / "model").mkdir()
    (path / "model" / "weights.bin").write_bytes(b"weights")
    (path / "latest.bin").symlink_to("model/weights.bin")
print("saved", file=sys.stderr)
until = time.monotonic() + 20
while not list(pathlib.Path("../events").glob("0-supervisor.jsonl")) and time.monotonic() < until:
    time.sleep(0.01)
assert run.should_stop()
sys.exit(3)
"""
REFUSING = "import trainyard\ntrainyard.init()\nraise trainyard.InvalidHP('lr must be above 0')\n"
PRINTING = "print('epoch 1: loss=0.5 val_loss=0.75')\nprint('{\"step\": 2, \"loss\": NaN}')\n"

NAMES = {"pid": "4711", "startTicks": "123456", "host": '"node1"', "bootId": '"00000000-0000-4000-8000-000000000001"'}
SIZES = {
    "cpu_percent": "97.5",
    "memory_bytes": "268435456",
    "disk_free_bytes": "1099511627776",
    "peakMemoryBytes": "268435456",
    "memoryLimitBytes": "17179869184",
}
TIMES = ("t", "at", "startedAt", "heartbeatAt", "endedAt", "createdAt")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Golden(Pool):
    maxDiff = None

    def normal(self, text):
        """The text without what differs between machines and days; times count up by a tenth of a second."""
        for key, value in {**NAMES, **SIZES}.items():
            text = re.sub(r'"%s":(?:"[^"]*"|[0-9.]+)' % key, '"%s":%s' % (key, value), text)
        count = [0]

        def at(match):
            count[0] += 1
            return '"%s":%.6f' % (match.group(1), 1732412345 + count[0] / 10)

        text = re.sub(r'"(%s)":[0-9.]+' % "|".join(TIMES), at, text)
        for name, uuid in self.uuids.items():
            text = text.replace(name, uuid)
        return text.replace(self.pool, "/pool").replace(sys.executable, "/usr/bin/python3")

    def collect(self):
        """Every file of the pool, by its normal name."""
        found = {}
        for folder, _, names in os.walk(self.pool):
            for name in names:
                path = os.path.join(folder, name)
                shown = self.normal(os.path.relpath(path, self.pool))
                shown = re.sub(r"harness-\d+-\d+", "harness-4711-123456", shown)
                if name.startswith(".") or "leases" in shown or name in ("train.py", "provenance.json"):
                    continue
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                if "/checkpoints/" not in "/" + shown or name == "manifest.json":
                    text = self.normal(text)
                if name == "stderr.log" and "Traceback" in text:  # each version of Python words it anew
                    continue
                if name == "0-supervisor.jsonl":  # as many as there was time for
                    text = text[: text.index("\n") + 1]
                found[shown] = text
        return found

    def run_all(self):
        slots = [{"id": "cpu:0", "kind": "cpu", "index": 0, "lease": "cpu-0"}]
        for name, script, params, seed in [
            ("12.1.1", TRAINING, {"lr": 0.01, "net": {"depth": 3}}, 11),
            ("12.2.1", REFUSING, {"lr": -1}, 12),
            ("12.3.1", PRINTING, {}, 13),
        ]:
            trial = name.rpartition(".")[0]
            key = "00000000-0000-4000-8000-0000000012%s0" % name[3]
            run_dir = self.make(
                script, name=name, trial=trial, experiment=12, hyperparameters=params, seed=seed, slots=slots, key=key
            )
            self.compact(run_dir, "spec.json")
            if name == "12.1.1":
                self.control(run_dir, 3, "pause")
                self.compact(run_dir, "control.json")
            self.start(run_dir)
            self.finish(run_dir)

    def compact(self, run_dir, name):
        text = self.text(run_dir, name)
        with open(os.path.join(run_dir, name), "w", encoding="utf-8") as file:
            file.write(text.replace('": ', '":').replace(', "', ',"'))

    def test_written_as_it_is_read(self):
        self.uuids = {}
        self.run_all()
        (uuid,) = os.listdir(os.path.join(self.pool, "checkpoints"))
        self.uuids[uuid] = "00000000-0000-4000-8000-00000000c001"
        found = self.collect()
        if os.environ.get("TRAINYARD_UPDATE_GOLDEN"):
            write(found)
        golden = {}
        for folder, _, names in os.walk(GOLDEN):
            for name in names:
                path = os.path.join(folder, name)
                if name != "README.md":
                    with open(path, encoding="utf-8") as file:
                        golden[os.path.relpath(path, GOLDEN)] = file.read()
        self.assertEqual(sorted(found), sorted(golden))
        for name in sorted(found):
            with self.subTest(name):
                self.assertEqual(found[name], golden[name])


def write(files):
    for name in ("runs", "checkpoints"):
        shutil.rmtree(os.path.join(GOLDEN, name), ignore_errors=True)
    for name, text in files.items():
        path = os.path.join(GOLDEN, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    unittest.main()
