"""The limit of a run's output, on real files: what is freed, what stays, what is said."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from support import Pool
from trainyard.supervising.output_limit import UNIT_BYTES, OutputLimit, read_dropped

MIB = 1024 * 1024

PRINTS = """
    import sys, time
    for number in range(40 * 1024):
        metrics = "step=%02d loss=%.3f" % (number // 1024, 0.5) if number % 1024 == 0 else "-" * 18
        sys.stdout.write("line %09d %s %s\\n" % (number, metrics, "x" * 980))
        if number % 4096 == 0:
            sys.stdout.flush()
            time.sleep(0.15)
"""


def warnings(run_dir):
    found = []
    for name in os.listdir(os.path.join(run_dir, "events")):
        with open(os.path.join(run_dir, "events", name), encoding="utf-8") as file:
            found += [event for event in map(json.loads, file) if event["type"] == "warning"]
    return found


def contents(name, lines, length):
    with open(name, "ab") as file:
        for number in range(lines):
            file.write(b"%0*d\n" % (length - 1, number))


class OfARun(Pool):
    def test_the_head_goes_and_the_rest_keeps_its_place(self):
        run_dir, ended = self.run_script(PRINTS, outputLimitBytes=8 * MIB)
        self.assertEqual(ended["code"], 0)
        path = os.path.join(run_dir, "stdout.log")
        found = os.stat(path)
        self.assertEqual(found.st_size, 40 * 1024 * len("line %09d %s %s\n" % (0, "-" * 18, "x" * 980)))
        self.assertLessEqual(found.st_blocks * 512, 9 * MIB)
        with open(path, "rb") as file:
            data = file.read()
        dropped = read_dropped(os.path.join(run_dir, "dropped.json"))["stdout"]
        self.assertEqual(data[: dropped["bytes"]].strip(b"\0"), b"")
        self.assertNotIn(b"\0", data[dropped["bytes"] :])
        rest = data[dropped["bytes"] :].split(b"\n")
        self.assertEqual(rest[-2].split()[1], b"%09d" % (40 * 1024 - 1))
        # The line after the first cut one has the number that the count of the dropped ones says.
        self.assertEqual(int(rest[1].split()[1]), dropped["lines"] + 1)
        self.assertEqual([w["code"] for w in warnings(run_dir)], ["output-dropped"])
        self.assertIn("stdout has passed its limit of 8.39 MB", warnings(run_dir)[0]["message"])
        with open(os.path.join(run_dir, "events", "0-output-stdout.jsonl"), encoding="utf-8") as file:
            steps = [json.loads(text)["step"] for text in file]
        self.assertEqual(steps[-1], 39)
        self.assertEqual(steps, sorted(steps))

    def test_below_the_limit_and_without_one_nothing_is_dropped(self):
        for number, limit in enumerate((100 * MIB, None)):
            run_dir, _ = self.run_script(
                "print('x' * 9_000_000)", name="1.%d.1" % number, outputLimitBytes=limit
            )
            self.assertFalse(os.path.exists(os.path.join(run_dir, "dropped.json")))
            self.assertEqual(warnings(run_dir), [])

    def test_a_limit_that_is_none_is_refused(self):
        _, ended = self.run_script("pass", outputLimitBytes="10")
        self.assertIn("outputLimitBytes", ended["launchError"]["message"])


class OfAFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="trainyard-limit-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.log = os.path.join(self.folder, "stdout.log")
        self.said = []

    def limit(self, limit_bytes=4 * MIB):
        return OutputLimit(self.folder, limit_bytes, lambda *said: self.said.append(said))

    def test_another_supervisor_goes_on_where_the_first_one_was(self):
        contents(self.log, 8 * 1024, 1024)
        self.limit().poll()
        first = read_dropped(os.path.join(self.folder, "dropped.json"))["stdout"]
        self.assertEqual(first, {"bytes": 5 * MIB, "lines": 5 * 1024})
        contents(self.log, 8 * 1024, 1024)
        self.limit().poll()
        second = read_dropped(os.path.join(self.folder, "dropped.json"))["stdout"]
        self.assertEqual(second, {"bytes": 13 * MIB, "lines": 13 * 1024})
        self.assertLessEqual(os.stat(self.log).st_blocks * 512, 4 * MIB)

    def test_what_is_no_ordinary_file_is_left_alone(self):
        target = os.path.join(self.folder, "target")
        contents(target, 8 * 1024, 1024)
        os.symlink(target, self.log)
        os.mkfifo(os.path.join(self.folder, "stderr.log"))
        self.limit().poll()
        self.assertEqual(os.stat(target).st_blocks * 512, 8 * MIB)
        self.assertEqual(self.said, [])

    def test_nonsense_in_its_own_file_is_not_believed(self):
        for text in ("{", "[]", '{"stdout":{"bytes":1,"lines":1}}', '{"stdout":{"bytes":-1048576,"lines":0}}'):
            path = os.path.join(self.folder, "dropped.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            self.assertEqual(read_dropped(path)["stdout"], {"bytes": 0, "lines": 0})

    def test_where_the_file_system_cannot_it_is_said_once_and_nothing_is_lost(self):
        if subprocess.run(["mount", "-t", "ramfs", "none", self.folder], capture_output=True).returncode != 0:
            self.skipTest("a file system that cannot drop the head of a file needs root to be mounted")
        self.addCleanup(subprocess.run, ["umount", self.folder], check=True)
        contents(self.log, 8 * 1024, 1024)
        limit = self.limit()
        limit.poll()
        limit.poll()
        self.assertEqual([code for code, _ in self.said], ["output-not-dropped"])
        self.assertIn("cannot drop the head of a file (Operation not supported)", self.said[0][1])
        self.assertFalse(os.path.exists(os.path.join(self.folder, "dropped.json")))
        with open(self.log, "rb") as file:
            self.assertEqual(file.read(1024), b"%01023d\n" % 0)


if __name__ == "__main__":
    unittest.main()
