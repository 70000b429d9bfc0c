"""The readers of other tools' logs against the tools themselves: they write, and their own readers judge."""

import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

import libraries
from libraries import in_environments

from trainyard.readers.tfevents import read_tfevents
from trainyard.readers.tfrecords import RecordFile
from trainyard.readers.wandb_file import WandbFile, WandbRun
from trainyard.readers.records import Scalars

ROUNDS = 80

WRITE = """
import os, sys
import numpy
from torch.utils.tensorboard import SummaryWriter
import torch
writer = SummaryWriter("tb/one")
for step in range(200):
    writer.add_scalar("loss/train", 1 / (step + 1), step)
    writer.add_scalar("loss/val", float("nan") if step == 7 else step / 3, step)
    if step % 50 == 0:
        writer.add_text("words", "hello " * 50, step)
        writer.add_image("picture", numpy.zeros((3, 20, 20), dtype="uint8"), step)
        writer.add_scalar("new style", step, step, new_style=True)
        writer.add_scalar("double", 1 / 3, step, new_style=True, double_precision=True)
writer.add_scalar("emoji \\U0001f600", 1, -5)
writer.add_hparams({"lr": 0.1, "name": "cnn"}, {"accuracy": 0.5})
writer.close()
from tensorboardX import SummaryWriter as Other
other = Other("tb/x")
for step in range(50):
    other.add_scalar("loss", step, step)
other.close()

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
import wandb
run = wandb.init(project="digits", name="nice name", tags=["x"], config={"lr": 0.1, "net": {"depth": 3}}, dir=".")
run.define_metric("epoch")
run.define_metric("val/*", step_metric="epoch")
for step in range(400):
    run.log({"loss": 1 / (step + 1), "val/acc": step / 3, "epoch": step // 10, "deep": {"a": step}, "long": "x" * 300})
run.log({"flag": True, "big": 2**40, "nan": float("nan"), "negative": -7})
run.finish()

import mlflow
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
for uri in ("sqlite:///mlflow.db", "file:" + os.path.abspath("mlruns")):
    try:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment("digits")
    except Exception as error:  # the old one has no database that goes with its SQLAlchemy
        print("no", uri, type(error).__name__)
        continue
    with mlflow.start_run(run_name="second"):
        mlflow.log_params({"lr": 0.1, "model": "cnn"})
        mlflow.set_tag("team", "blue")
        for step in range(30):
            mlflow.log_metric("deep/val_loss", 1 / (step + 1), step=step)
        mlflow.log_metric("odd", float("nan"), step=1)
        mlflow.log_metric("odd", float("inf"), step=2)
"""

JUDGE_TENSORBOARD = """
import json, sys
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util
def scalars(path):
    for event in EventFileLoader(path).Load():
        for value in event.summary.value:
            if value.WhichOneof("value") == "tensor" and value.tensor.dtype in (1, 2) and not value.tensor.tensor_shape.dim:
                number = float(tensor_util.make_ndarray(value.tensor))
                yield [value.tag, event.step, repr(number), event.wall_time]
print(json.dumps([list(scalars(path)) for path in sys.argv[1:]]))
"""

JUDGE_WANDB = """
import json, sys
from wandb.proto import wandb_internal_pb2
try:
    from wandb.sdk.internal import datastore
    import wandb
    wandb._assert_is_internal_process = True
    store = datastore.DataStore()
    store.open_for_scan(sys.argv[1])
    def records():
        while True:
            data = store.scan_data()
            if data is None:
                return
            yield data
except ImportError:
    sys.exit(77)
found = []
for data in records():
    record = wandb_internal_pb2.Record()
    record.ParseFromString(data)
    found.append(record.WhichOneof("record_type"))
print(json.dumps(found))
"""


def scalars_of(path):
    """[tag, step, value, time] of each scalar, as our reader finds them."""
    found = []
    for each in read_tfevents(RecordFile(path)):
        if isinstance(each, Scalars):
            found += [[tag, each.step, repr(float(value)), each.time] for tag, value in each.values.items()]
    return found


@in_environments("new", "old")
class Readers:
    folder = None

    def setUp(self):
        super().setUp()
        cls = type(self)
        if cls.folder is None:
            python = self.python()
            cls.holder = tempfile.TemporaryDirectory(prefix="trainyard-readers-")
            self.addClassCleanup(cls.holder.cleanup)
            done = subprocess.run(
                [python, "-c", WRITE], cwd=cls.holder.name, capture_output=True, text=True, env=_environment()
            )
            self.assertEqual(done.returncode, 0, done.stderr[-4000:])
            cls.folder = cls.holder.name

    def judge(self, script, *paths):
        done = subprocess.run([self.python(), "-c", script, *paths], capture_output=True, text=True, env=_environment())
        if done.returncode == 77:
            return None
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        return json.loads(done.stdout)

    def files(self, ending):
        found = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.folder)
            for name in names
            if ending in name
        ]
        self.assertTrue(found, ending)
        return sorted(found)

    def test_tensorboard_reads_the_same_scalars_also_of_a_file_that_was_cut(self):
        paths = self.files("tfevents")
        data = _bytes_of(paths[-1])
        for seed in range(10):
            paths.append(os.path.join(self.pool, "cut-%d" % seed))
            _write(paths[-1], data[: random.Random(seed).randrange(len(data))])
        for path, judged in zip(paths, self.judge(JUDGE_TENSORBOARD, *paths)):
            self.assertEqual(scalars_of(path), judged, path)
        self.assertEqual(len(scalars_of(paths[-11])), 50 if "/x/" in paths[-11] else 409)

    def test_a_damaged_event_file_is_read_up_to_there(self):
        (path,) = [each for each in self.files("tfevents") if "/one/events" in each]
        self._damage(path, scalars_of, scalars_of(path), is_exact=True)

    def test_wandb_reads_the_same_records(self):
        (path,) = self.files(".wandb")
        self.assertGreater(os.path.getsize(path), 3 * 32768)  # records that go over the ends of blocks
        judged = self.judge(JUDGE_WANDB, path)
        if judged is not None:
            self.assertEqual(len(list(WandbFile(path).records())), len(judged))
        found = [each for each in WandbRun(WandbFile(path)).read() if isinstance(each, Scalars)]
        values = {}
        for each in found:
            for name, value in each.values.items():
                values.setdefault(name, []).append((each.step, value))
        self.assertEqual(values["loss"], [(step, 1 / (step + 1)) for step in range(400)])
        self.assertEqual(values["val/acc"], [(step // 10, step / 3) for step in range(400)])
        self.assertEqual(values["deep.a"], [(step, step) for step in range(400)])
        self.assertEqual([values["flag"], values["big"], values["negative"]], [[(400, 1)], [(400, 2**40)], [(400, -7)]])
        self.assertEqual(repr(values["nan"]), "[(400, nan)]")

    def test_a_cut_or_damaged_wandb_file_is_read_as_far_as_it_goes(self):
        (path,) = self.files(".wandb")
        whole = list(WandbFile(path).records())
        self._damage(path, lambda copy: list(WandbFile(copy).records()), whole, is_exact=False)

    def _damage(self, path, read, whole, is_exact):
        """Cuts and flipped bits: what is found was there, and all before the damage is."""
        data = _bytes_of(path)
        copy = os.path.join(self.pool, "damaged")
        for seed in range(ROUNDS):
            chance = random.Random(seed)
            at = chance.randrange(len(data))
            changed = data[:at] if seed % 2 else data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            _write(copy, changed)
            found = read(copy)
            _write(copy, data[: at if is_exact else max(0, at - 32768)])
            least = read(copy)
            self.assertEqual(_key(found[: len(least)]), _key(least), seed)
            if is_exact or seed % 2:
                self.assertEqual(_key(found), _key(whole[: len(found)]), seed)
            else:
                known = set(map(repr, whole))
                self.assertEqual([each for each in found if repr(each) not in known], [], seed)

    def test_all_of_it_as_runs(self):
        found, out = self.read(self.folder)
        by_kind = {}
        for run in found:
            by_kind.setdefault(run["from"], []).append(run)
        names = sorted(run["source"].rpartition("/tb/")[2] for run in by_kind["TensorBoard"])
        self.assertEqual(names, ["one", "x"])
        (wandb,) = by_kind["W&B"]
        self.assertEqual((wandb["name"], wandb["labels"], wandb["problems"]), ("nice name", ["digits", "x"], []))
        stores = 2 if self.environment == "new" else 1
        self.assertEqual([run["name"] for run in by_kind["MLflow"]], ["second"] * stores)
        for run in by_kind["MLflow"]:
            self.assertEqual(run["labels"], ["digits", "team: blue"])
            self.assertEqual(run["metrics"], ["training/odd", "validation/deep/val_loss"])
            self.assertLess(run["startedAt"], run["endedAt"])
            events = _events(out, run)
            odd = [event["values"]["odd"] for event in events if "odd" in event.get("values", {})]
            self.assertEqual(odd, ["NaN", "Infinity"])
            (params,) = [event for event in events if event["type"] == "params"]
            self.assertEqual(params["values"], {"lr": 0.1, "model": "cnn"})
        (params,) = [event for event in _events(out, wandb) if event["type"] == "params"]
        self.assertEqual(params["values"], {"lr": 0.1, "net": {"depth": 3}})
        self.assertEqual(params["origin"], {"lr": "captured", "net.depth": "captured"})
        (one,) = [run for run in by_kind["TensorBoard"] if run["source"].endswith("/one")]
        (params,) = [event for event in _events(out, one) if event["type"] == "params"]
        self.assertEqual(params["values"], {"lr": 0.1, "name": "cnn"})
        self.assertIn("training/accuracy", one["metrics"])
        # The same content has the same id, from wherever it is named.
        again, _ = self.read(os.path.join(self.folder, "tb", "one"))
        self.assertEqual([run["id"] for run in again], [one["id"]])

    def read(self, path):
        out = tempfile.mkdtemp(dir=self.pool)
        done = subprocess.run(
            [sys.executable, "-m", "trainyard.readers", "--out", out, path], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [line for line in lines if line["type"] == "run"], out


def _bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def _write(path, data):
    with open(path, "wb") as file:
        file.write(data)


WRITE_TENSORFLOW = """
import numpy, tensorflow as tf
def scalar(tag, value, step):  # as tf.summary.scalar, whose implementation is TensorBoard's
    metadata = tf.compat.v1.SummaryMetadata(plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars"))
    tf.summary.write(tag, value, step, metadata)
for part in ("train", "validation"):
    with tf.summary.create_file_writer("two/" + part).as_default():
        for step in range(40):
            scalar("loss", tf.constant(1 / (step + 1)), step)
            scalar("double", tf.constant(numpy.float64(step) / 3), step)
            scalar("whole", tf.constant(step), step)
            scalar("half", tf.constant(step / 4, tf.bfloat16), step)
            tf.summary.write("weights", tf.constant([[1.0, 2.0, 3.0]]), step)
            tf.summary.write("words", tf.constant(["hello"]), step)
with tf.Graph().as_default():
    writer = tf.compat.v1.summary.FileWriter("one", tf.compat.v1.get_default_graph())
    for step in range(40):
        value = tf.compat.v1.Summary.Value(tag="loss", simple_value=step / 3)
        writer.add_summary(tf.compat.v1.Summary(value=[value]), step)
    writer.close()
"""


class ReadersOfTensorFlow(libraries.Captured):
    environment = "tensorflow"

    def test_tensorflow_one_and_two(self):
        done = subprocess.run(
            [self.python(), "-c", WRITE_TENSORFLOW], cwd=self.pool, capture_output=True, text=True, env=_environment()
        )
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        paths = [
            os.path.join(folder, name) for folder, _, names in os.walk(self.pool) for name in names if "tfevents" in name
        ]
        self.assertEqual(len(paths), 3)
        self.environment = "new"  # which has TensorBoard
        done = subprocess.run(
            [self.python(), "-c", JUDGE_TENSORBOARD, *paths], capture_output=True, text=True, env=_environment()
        )
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        for path, judged in zip(paths, json.loads(done.stdout)):
            self.assertEqual([each for each in scalars_of(path) if each[0] not in ("whole", "half")], judged, path)
        out = tempfile.mkdtemp(dir=self.pool)
        command = [sys.executable, "-m", "trainyard.readers", "--out", out, self.pool]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        runs = {run["source"].rpartition("/")[2]: run for run in map(json.loads, lines) if run["type"] == "run"}
        self.assertEqual({name: run["points"] for name, run in runs.items()}, {"one": 40, "two": 320})
        names = ["double", "half", "loss", "whole"]
        groups = ["training", "validation"]
        self.assertEqual(runs["two"]["metrics"], ["%s/%s" % (group, name) for group in groups for name in names])
        half = [event["values"]["half"] for event in _events(out, runs["two"]) if "half" in event.get("values", {})]
        self.assertEqual(half[:40], [step / 4 for step in range(40)])


def _key(found):
    return [repr(each) for each in found]


def _events(out, run):
    with open(os.path.join(out, run["file"]), encoding="ascii") as file:
        return [json.loads(line) for line in file]


def _environment():
    """Without our package: these are other people's programs."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "TRAINYARD_RUN_DIR")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return environment


del Readers  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
