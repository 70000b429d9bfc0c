"""Disks that are full, fail, or are read-only for a while: what happens to each file that harness and supervisor write."""

import errno
import json
import os
import subprocess
import time
import unittest

from faulty_disk import MISSING, FaultyDisk
from support import Pool, wait_for

from trainyard.events import MAX_HELD_BYTES

REPORTS = """
    import os, time, trainyard
    run = trainyard.init()
    run.report(0, loss=1)
    print("begun", flush=True)
    while not os.path.exists("go"):
        time.sleep(0.01)
    for step in range(1, 1001):
        run.report(step, loss=1)
    print("reported", flush=True)
    while not os.path.exists("end"):
        time.sleep(0.01)
"""


@unittest.skipIf(MISSING, MISSING)
class Broken(Pool):
    def setUp(self):
        super().setUp()
        self.disk = FaultyDisk(self.pool)

    def begin(self, script, **changes):
        run_dir = self.make(script, **changes)
        self.start(run_dir, env=self.disk.env)
        return run_dir

    def touch(self, run_dir, name):
        open(os.path.join(run_dir, "work", name), "w").close()

    def so_far(self, run_dir, kind):
        """Of the harness, as a reader sees it at any moment: the last line may be half there."""
        folder = os.path.join(run_dir, "events")
        (name,) = [name for name in os.listdir(folder) if "harness" in name]
        with open(os.path.join(folder, name), "rb") as file:
            events = map(json.loads, file.read().split(b"\n")[:-1])
            return [event for event in events if event["type"] == kind]

    def steps(self, run_dir):
        return [event["step"] for event in self.so_far(run_dir, "metrics")]

    def lost(self, run_dir):
        return [event for event in self.so_far(run_dir, "warning") if event["code"].startswith("events_lost")]


class Reports(Broken):
    def test_what_is_reported_meanwhile_is_written_when_there_is_room_without_another_report(self):
        for number, error in enumerate(("ENOSPC", "EIO", "EDQUOT", "EROFS", "ESTALE", "short"), 1):
            with self.subTest(error):
                run_dir = self.begin(REPORTS, name="1.%d.1" % number)
                self.say(run_dir, "begun")
                self.disk.fail(("write,open", error, os.path.join(run_dir, "events", "0-harness")))
                self.touch(run_dir, "go")
                self.say(run_dir, "reported")
                self.assertIn("cannot be written", self.text(run_dir, "stderr.log"))
                self.disk.heal()
                wait_for(lambda: self.steps(run_dir) == list(range(1001)), "all reports, in order")
                self.touch(run_dir, "end")
                self.assertEqual(self.finish(run_dir)["code"], 0)
                self.assertEqual(self.lost(run_dir), [])

    def test_more_than_can_be_kept_leaves_a_gap_that_is_counted_and_said(self):
        script = """
            import os, time, trainyard
            run = trainyard.init()
            run.report(0, loss=1)
            print("begun", flush=True)
            while not os.path.exists("go"):
                time.sleep(0.01)
            wide = {"n%%0200d" %% i: i for i in range(4000)}
            for step in range(1, %d):
                run.report(step, wide)
            print("reported", flush=True)
            while not os.path.exists("end"):
                time.sleep(0.01)
        """ % (3 + MAX_HELD_BYTES // 800_000)
        run_dir = self.begin(script)
        self.say(run_dir, "begun")
        self.disk.fail(("write", "ENOSPC", os.path.join(run_dir, "events")))
        self.touch(run_dir, "go")
        self.say(run_dir, "reported")
        self.disk.heal()
        (lost,) = wait_for(lambda: self.lost(run_dir), "the gap, said")
        seqs = [event["seq"] for event in self.events(run_dir, None, "harness")]
        missing = set(range(1, max(seqs) + 1)) - set(seqs)
        self.assertTrue(missing)
        self.assertTrue(lost["message"].startswith("%d events are lost" % len(missing)), lost["message"])
        self.touch(run_dir, "end")
        self.assertEqual(self.finish(run_dir)["code"], 0, "training went on")

    def test_a_strict_script_is_told_at_once_and_nothing_is_lost(self):
        script = """
            import trainyard, os
            run = trainyard.init(strict=True)
            run.report(0, loss=1)
            print("begun", flush=True)
            while not os.path.exists("go"):
                pass
            try:
                run.report(1, loss=1)
                print("unnoticed", flush=True)
            except OSError as error:
                print("refused", error.errno, flush=True)
        """
        run_dir = self.begin(script)
        self.say(run_dir, "begun")
        self.disk.fail(("write", "EIO", os.path.join(run_dir, "events")))
        self.touch(run_dir, "go")
        self.say(run_dir, "refused %d" % errno.EIO)
        self.disk.heal()
        self.finish(run_dir)
        self.assertEqual(self.steps(run_dir), [0, 1])


class Checkpoints(Broken):
    HEAD = """
        import os, trainyard
        run = trainyard.init()
        root = %r
        def attempt(step, size, write=None):
            try:
                with run.checkpoint(step) as path:
                    (write or (lambda: (path / "w").write_bytes(b"x" * size)))()
                print("stored", step, flush=True)
            except trainyard.CheckpointError as error:
                print("refused", step, error.needed_bytes, error.free_bytes, error, flush=True)
        def saver():
            raise RuntimeError("writer failed")  # as torch does on a full disk
    """

    def folders(self):
        return sorted(os.listdir(os.path.join(self.pool, "checkpoints")))

    def test_at_each_of_its_writes(self):
        """Files, their fsync, the manifest, its rename: a CheckpointError, nothing half there, and training goes on."""
        for number, (calls, error, below) in enumerate(
            [("mkdir", "ENOSPC", ""), ("write", "ENOSPC", "*/files"), ("sync", "EIO", "*/files"), ("write", "EDQUOT", "*/files"),
             ("open", "EROFS", "*/.manifest"), ("write", "ENOSPC", "*/.manifest"), ("rename", "ENOSPC", "*/manifest"),
             ("sync", "ESTALE", "*/.manifest")], 1):  # fmt: skip
            with self.subTest((calls, error, below)):
                root = os.path.join(self.pool, "checkpoints")
                script = self.HEAD % root + """
        import uuid
        names = [uuid.UUID(int=%d * 10 + i) for i in range(3)]
        uuid.uuid4 = iter(names).__next__
        attempt(1, 1000)
        prefix = root + "/" + str(names[1]) + %r
        with open(os.environ["FAULTY_DISK"] + ".new", "w") as file:
            file.write("%s %s 1 " + prefix + chr(10))
        os.rename(os.environ["FAULTY_DISK"] + ".new", os.environ["FAULTY_DISK"])
        attempt(2, 1000)
        os.unlink(os.environ["FAULTY_DISK"])
        attempt(3, 1000)
                """ % (number, below.replace("*", ""), calls, error)  # fmt: skip
                run_dir = self.begin(script, name="1.%d.1" % number)
                self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
                output = self.text(run_dir, "stdout.log").splitlines()
                self.assertEqual([line.split()[:2] for line in output], [["stored", "1"], ["refused", "2"], ["stored", "3"]])
                self.assertIn(os.strerror(getattr(errno, error)), output[1])
                warnings = [event["code"] for event in self.events(run_dir, "warning")]
                self.assertEqual(warnings, ["checkpoint_not_stored"])
                self.assertEqual(len(self.folders()), 2 * number, "what is half written is gone")
                self.assertEqual([event["step"] for event in self.events(run_dir, "checkpoint")], [1, 3])

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to mount")
    def test_on_a_disk_that_is_really_full_with_the_bytes_that_are_needed_and_free(self):
        root = os.path.join(self.pool, "checkpoints")
        os.mkdir(root)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", root], stderr=subprocess.DEVNULL)
        if mounted.returncode:
            self.skipTest("cannot mount here")
        self.addCleanup(subprocess.run, ["umount", "-l", root], check=True)
        script = self.HEAD % root + """
        attempt(1, 600_000)
        attempt(2, 600_000)
        attempt(3, 100_000, saver)
        open(root + "/fill", "wb").write(b"x" * 380_000)
        attempt(4, 0, saver)
        """  # fmt: skip
        run_dir = self.begin(script)
        self.finish(run_dir)
        output = self.text(run_dir, "stdout.log").splitlines()
        self.assertEqual([line.split()[:2] for line in output], [["stored", "1"], ["refused", "2"], ["refused", "3"], ["refused", "4"]])  # fmt: skip
        needed, free = map(int, output[1].split()[2:4])
        self.assertEqual(needed, 600_000)
        self.assertTrue(300_000 < free < 450_000, output[1])
        self.assertIn("needs about 600.0 KB", output[1])
        self.assertIn("writer failed", output[3])
        self.assertEqual(len(self.folders()), 2)
        codes = [event["code"] for event in self.events(run_dir, "warning")]
        self.assertEqual(codes[0], "checkpoint_forecast", "said before it happens")
        (forecast,) = [event for event in self.events(run_dir, "warning") if event["code"] == "checkpoint_forecast"]
        self.assertIn("the last one had 600.0 KB", forecast["message"])

    def test_an_error_of_the_script_stays_its_own_while_there_is_room(self):
        script = self.HEAD % "" + """
        try:
            attempt(1, 0, saver)
        except RuntimeError as error:
            print("its own:", error)
        """  # fmt: skip
        run_dir, _ = self.run_script(script)
        self.assertEqual(self.text(run_dir, "stdout.log"), "its own: writer failed\n")


class Supervisor(Broken):
    def test_everything_that_it_writes_fails_for_a_while_and_the_run_goes_on(self):
        """Heartbeats, its events, the metrics out of the output, provenance, exit.json."""
        script = """
            import os, time
            print("begun", flush=True)
            while not os.path.exists("go"):
                time.sleep(0.01)
            print("step=1 loss=0.5", flush=True)
            while not os.path.exists("end"):
                time.sleep(0.01)
        """
        run_dir = self.begin(script)
        self.say(run_dir, "begun")
        before = os.stat(os.path.join(run_dir, "supervisor.json")).st_mtime
        hers = [os.path.join(run_dir, name) for name in ("events/0-", ".supervisor.json", ".exit.json", ".provenance.json")]
        self.disk.fail(*[("all", "ENOSPC", prefix) for prefix in hers])
        self.touch(run_dir, "go")
        path = os.path.join(run_dir, "supervisor.json")
        wait_for(lambda: os.stat(path).st_mtime > before + 1, "a sign of life, without room for one")
        held = len(self.events(run_dir, "system"))
        self.touch(run_dir, "end")
        time.sleep(1)
        self.assertFalse(os.path.exists(os.path.join(run_dir, "exit.json")))
        self.disk.heal()
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertGreater(len(self.events(run_dir, "system")), held)
        (metric,) = self.events(run_dir, "metrics", "output-stdout")
        self.assertEqual(metric["values"], {"loss": 0.5})
        self.assertIn("supervisor", self.read(run_dir, "provenance.json"))

    def test_a_run_whose_first_files_have_no_room_starts_when_there_is(self):
        run_dir = self.make("print('ran')")
        self.disk.fail(("all", "ENOSPC", os.path.join(run_dir, ".supervisor.json")), ("all", "ENOSPC", os.path.join(run_dir, "supervisor.json")))  # fmt: skip
        supervisor = self.start(run_dir, env=self.disk.env)
        time.sleep(1)
        self.assertIsNone(supervisor.poll())
        self.disk.heal()
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertEqual(self.text(run_dir, "stdout.log"), "ran\n")

    def test_output_that_cannot_be_made_is_a_launch_error_with_its_number(self):
        run_dir = self.make("print('ran')")
        self.disk.fail(("open", "EDQUOT", os.path.join(run_dir, "stdout.log")))
        self.start(run_dir, env=self.disk.env)
        error = self.finish(run_dir)["launchError"]
        self.assertEqual((error["kind"], error["errno"]), ("directory", "EDQUOT"))

    def test_who_holds_a_slot_is_not_known_on_a_full_disk_but_the_slot_is_held(self):
        slots = [{"id": "cpu:0", "kind": "cpu", "index": 0, "lease": "cpu-0"}]
        run_dir = self.make("print('ran')", slots=slots)
        self.disk.fail(("write", "ENOSPC", self.leases))
        self.start(run_dir, env=self.disk.env)
        self.assertEqual(self.finish(run_dir)["code"], 0)


if __name__ == "__main__":
    unittest.main()
