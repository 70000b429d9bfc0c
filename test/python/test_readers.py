"""The readers of other tools' logs on files that nobody would write, without those tools."""

import json
import os
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

from support import PACKAGE_PARENT

from trainyard.readers.csv_log import CsvLog, NoLog
from trainyard.readers.mlflow_store import NoStore, database_runs
from trainyard.readers.records import Scalars
from trainyard.readers.tfevents import read_tfevents
from trainyard.readers.tfrecords import RecordFile, masked_crc32c
from trainyard.readers.wandb_file import WandbFile, WandbRun
from trainyard.readers.wire import BadMessage, fields


def varint(value):
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def field(number, value):
    """A field with bytes."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def scalar_event(step, tag, number):
    value = field(1, tag) + varint(2 << 3 | 5) + struct.pack("<f", number)
    return varint(1 << 3 | 1) + struct.pack("<d", 1.7e9 + step) + varint(2 << 3) + varint(step) + field(5, field(1, value))


def tf_record(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))


def wandb_frame(data, kind=1):
    return struct.pack("<IHB", zlib.crc32(data, zlib.crc32(bytes([kind]))), len(data), kind) + data


WANDB_START = b":W&B" + struct.pack("<HB", 0xBEE1, 0)


def history(step, name, value):
    item = field(1, field(1, name) + field(16, json.dumps(value).encode()))
    return field(2, item + field(2, varint(1 << 3) + varint(step)))


class Readers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode("utf-8"))
        return path

    def tensorboard(self, data):
        path = self.write("events.out.tfevents.1.host", data)
        file = RecordFile(path)
        return [(each.step, dict(each.values)) for each in read_tfevents(file) if isinstance(each, Scalars)], file

    def wandb(self, data):
        file = WandbFile(self.write("run-1.wandb", data))
        run = WandbRun(file)
        return [(each.step, dict(each.values)) for each in run.read() if isinstance(each, Scalars)], run

    def test_lengths_that_cannot_be(self):
        good = tf_record(scalar_event(1, b"loss", 0.5))
        for length in (1 << 60, (1 << 64) - 1, 5_000_000):
            header = struct.pack("<Q", length)
            found, file = self.tensorboard(good + header + struct.pack("<I", masked_crc32c(header)) + b"x" * 100)
            self.assertEqual(found, [(1, {"loss": 0.5})])
            self.assertEqual(file.problem, "cut off at byte %d" % len(good))
        found, file = self.tensorboard(good + tf_record(b"x" * 5_000_000) + good)  # a graph: passed over, unread
        self.assertEqual((len(found), file.problem), (2, None))
        for length in (0xFFFF, 40_000):
            frame = struct.pack("<IHB", 1, length, 1)
            found, _ = self.wandb(WANDB_START + wandb_frame(history(1, b"loss", 0.5)) + frame + b"x" * 70_000)
            self.assertEqual(found, [(1, {"loss": 0.5})])

    def test_messages_that_are_none(self):
        for hostile in (
            b"\xff" * 100,  # a number without end
            varint(5 << 3 | 2) + varint(1 << 60) + b"x",  # a field longer than all
            field(5, b"\xff" * 30),
            field(5, field(1, field(8, field(4, b"x" * 7)))),
            field(5, field(1, field(1, b"\xff\xfe") + field(9, b"\x0a\xff"))),
            b"\x03" * 1000,  # groups, which nobody writes
            b"",
        ):
            found, _ = self.tensorboard(tf_record(hostile) + tf_record(scalar_event(2, b"loss", 1)))
            self.assertEqual(found, [(2, {"loss": 1.0})], hostile[:20])
            found, _ = self.wandb(WANDB_START + wandb_frame(hostile) + wandb_frame(history(2, b"loss", 1)))
            self.assertEqual(found, [(2, {"loss": 1})], hostile[:20])
        deep = b""
        for _ in range(2000):
            deep = field(1, deep)
        self.assertEqual(self.tensorboard(tf_record(deep))[0], [])
        for value in ("[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "9" * 10_000, '"x"', "null", "{"):
            record = field(2, field(1, field(1, b"odd") + field(16, value.encode())))
            data = b"".join(_frames(record)) if len(record) > 30_000 else wandb_frame(record)
            self.wandb(WANDB_START + data)
        with self.assertRaises(BadMessage):
            list(fields(b"\x80" * 11))

    def test_any_bytes_at_all(self):
        for seed in range(300):
            chance = random.Random(seed)
            noise = bytes(chance.choice((0, 1, 2, 8, 10, 18, 255, chance.randrange(256))) for _ in range(chance.randrange(400)))
            self.tensorboard(tf_record(noise) + noise)
            self.wandb(WANDB_START + wandb_frame(noise) + noise)
            try:
                list(CsvLog(self.write("noise.csv", noise)).read())
            except NoLog:
                pass
            with self.assertRaises(NoStore):
                database_runs(self.write("noise.db", b"SQLite format 3\0" + noise))

    def test_wandb_goes_on_after_damage(self):
        frames = [wandb_frame(history(step, b"loss", step)) for step in range(4000)]
        data, at = bytearray(WANDB_START), []
        for frame in frames:
            left = 32768 - len(data) % 32768
            if left < len(frame):
                data += b"\0" * left  # this writer begins a block rather than to split a record
            at.append(len(data))
            data += frame
        data[at[10] + 20] ^= 1
        found, run = self.wandb(bytes(data))
        steps = [step for step, _ in found]
        self.assertEqual(steps[:10], list(range(10)))
        self.assertEqual(steps[-1], 3999)
        self.assertNotIn(10, steps)
        self.assertIn("passed over", run.problem().message)

    def test_csv_logs(self):
        log = CsvLog(self.write("a/metrics.csv", "epoch,step,train_loss,val/acc,note\n0,9,0.5,,x\n0,19,0.25,0.75,\n,,,,\nbad\n1,29,nan,-inf,\n"))
        found = [(each.step, repr(dict(each.values))) for each in log.read()]
        self.assertEqual(
            found,
            [
                (9, "{'epoch': 0, 'train_loss': 0.5}"),
                (19, "{'epoch': 0, 'train_loss': 0.25, 'val/acc': 0.75}"),
                (29, "{'epoch': 1, 'train_loss': nan, 'val/acc': -inf}"),
            ],
        )
        self.assertEqual(log.problem().message, "2 lines without numbers")
        keras = CsvLog(self.write("training.log", "epoch;loss\r\n0;1.5\r\n1;1e-3\r\n"))
        self.assertEqual([(each.step, dict(each.values)) for each in keras.read()], [(0, {"loss": 1.5}), (1, {"loss": 0.001})])
        quote = CsvLog(self.write("quote.csv", 'step,loss\n1,2\n"' + "x" * 3_000_000))
        self.assertEqual([each.step for each in quote.read()], [1])
        for nothing in ("", "a\n1\n", "1,2\n3,4\n", "a,b\nx,y\n", "step,loss\n"):
            with self.assertRaises(NoLog):
                CsvLog(self.write("no.csv", nothing))

    def test_a_database_that_is_something_else(self):
        path = os.path.join(self.folder, "mlflow.db")
        database = sqlite3.connect(path)
        database.executescript("CREATE TABLE runs (x); CREATE TABLE metrics (x)")
        database.commit()
        database.close()
        with self.assertRaises(NoStore):
            database_runs(path)
        before = os.stat(path).st_mtime_ns
        self.read(self.folder)
        self.assertEqual(os.stat(path).st_mtime_ns, before)
        self.assertEqual(os.listdir(self.folder), ["mlflow.db"])

    def test_folders_links_and_names(self):
        good = tf_record(scalar_event(1, b"loss", 0.5))
        self.write("runs/a/train/events.out.tfevents.1.h", good)
        self.write("runs/a/validation/events.out.tfevents.1.h", tf_record(scalar_event(1, b"loss", 0.25)))
        self.write("runs/b/events.out.tfevents.1.h", good)
        self.write("runs/.hidden/events.out.tfevents.1.h", good)
        self.write("runs/node_modules/x/events.out.tfevents.1.h", good)
        os.symlink("/", os.path.join(self.folder, "runs", "root"))
        os.symlink("..", os.path.join(self.folder, "runs", "loop"))
        os.mkfifo(os.path.join(self.folder, "runs", "metrics.csv"))
        os.mkfifo(os.path.join(self.folder, "runs", "events.out.tfevents.9.h"))
        lines = self.read(os.path.join(self.folder, "runs"))
        runs = {line["source"]: line for line in lines if line["type"] == "run"}
        self.assertEqual(sorted(runs), ["runs/a", "runs/b"])
        self.assertEqual(runs["runs/a"]["metrics"], ["training/loss", "validation/loss"])
        lines = self.read(os.path.join(self.folder, "gone"))
        self.assertIn("There is nothing at", lines[0]["message"])

    def test_memory_does_not_grow_with_the_file(self):
        with open(os.path.join(self.folder, "run-1.wandb"), "wb") as file:
            file.write(WANDB_START)
            at = len(WANDB_START)
            for step in range(60_000):
                frame = wandb_frame(history(step, b"loss", step) + field(4, b"x" * 500))
                if 32768 - at % 32768 < len(frame):
                    at += file.write(b"\0" * (32768 - at % 32768))
                at += file.write(frame)
        # What it has had at most, by its own word: what a parent sees of a child has the parent's own memory in it.
        script = (
            "import runpy, sys\n"
            "try:\n"
            "    runpy.run_module('trainyard.readers', run_name='__main__', alter_sys=True)\n"
            "finally:\n"
            "    print([line for line in open('/proc/self/status') if line.startswith('VmHWM')][0], file=sys.stderr)\n"
        )
        out = tempfile.TemporaryDirectory()
        self.addCleanup(out.cleanup)
        done = subprocess.run(
            [sys.executable, "-S", "-E", "-B", "-c", script, "--out", out.name, self.folder],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=PACKAGE_PARENT,
        )
        (run,) = [line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "run"]
        self.assertEqual(run["points"], 60_000)
        self.assertLess(int(done.stderr.split()[-2]), 60 * 1024, done.stderr)

    def read(self, path):
        out = tempfile.TemporaryDirectory()
        self.addCleanup(out.cleanup)
        done = subprocess.run(
            [sys.executable, "-S", "-E", "-B", "-m", "trainyard.readers", "--out", out.name, path],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=PACKAGE_PARENT,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]


def _frames(record):
    """A record in pieces, as the first block of a file has room for."""
    at, place = 0, len(WANDB_START)
    while at < len(record):
        size = min(len(record) - at, 32768 - place % 32768 - 7)
        kind = 2 if at == 0 else 4 if at + size == len(record) else 3
        yield wandb_frame(record[at : at + size], kind)
        at, place = at + size, place + size + 7


if __name__ == "__main__":
    unittest.main()
