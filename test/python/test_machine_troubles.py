"""Machines that are full, short of memory, or have a GPU tool of their own mind."""

import os
import subprocess
import sys
import time
import unittest

from support import SUPERVISOR, Pool, wait_for

from trainyard.supervising.gpu import GpuReader, parse

SLOTS = [{"id": "gpu:GPU-a", "kind": "cuda", "index": 1, "lease": "gpu-GPU-a"}]
MEMORY_CGROUP = "/sys/fs/cgroup/memory/trainyard-test-%d" % os.getpid()


class Gpu(Pool):
    """nvidia-smi as programs of that name on the PATH."""

    def put_tool(self, text):
        folder = os.path.join(self.pool, "bin")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "nvidia-smi")
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return folder + os.pathsep + os.environ["PATH"]

    def test_answers(self):
        self.assertEqual(
            parse("1, 37, 1024, 61, 71.25\n"),
            {"gpu1_percent": 37, "gpu1_memory_bytes": 1 << 30, "gpu1_temperature_c": 61, "gpu1_power_w": 71.25},
        )
        self.assertEqual(parse("0, [N/A], 5, [Not Supported], [N/A]\n3, 1, 1, ERR!, 2"),
                         {"gpu0_memory_bytes": 5 << 20, "gpu3_percent": 1, "gpu3_memory_bytes": 1 << 20, "gpu3_power_w": 2})  # fmt: skip
        for nothing in ("", "No devices were found\n", "a, b, c, d, e\n", "\x00\xff"):
            self.assertEqual(parse(nothing), {})

    def test_in_a_run(self):
        path = self.put_tool('echo "$@" >> "$TRAINYARD_HERE"; echo "1, 37, 1024, [N/A], 71.25"')
        run_dir = self.make("import time\nprint('ready', flush=True)\ntime.sleep(300)", slots=SLOTS)
        asked = os.path.join(self.pool, "asked")
        self.start(run_dir, env={"PATH": path, "TRAINYARD_HERE": asked})

        def seen():
            events = self.events(run_dir, "system") if self.supervisors else []
            return [event for event in events if "gpu1_percent" in event["values"]]

        self.say(run_dir, "ready")
        values = wait_for(seen, "a reading")[0]["values"]
        self.assertEqual((values["gpu1_percent"], values["gpu1_memory_bytes"]), (37, 1 << 30))
        self.assertNotIn("gpu1_temperature_c", values)
        with open(asked) as file:
            self.assertIn("--id=1", file.readline())
        self.control(run_dir, 1, "kill")
        self.assertEqual(self.finish(run_dir)["killedChildren"], 0, "the tool is none of the run's")

    def test_a_tool_that_hangs_holds_nothing_up(self):
        path = self.put_tool("exec sleep 300")
        run_dir = self.make("import time\ntime.sleep(3)\n", slots=SLOTS)
        self.start(run_dir, env={"PATH": path})
        ended = self.finish(run_dir)
        self.assertEqual((ended["code"], ended["killedChildren"]), (0, 0))
        self.assertTrue(self.events(run_dir, "system"), "the rest is measured all the same")

    def test_a_tool_that_fails_is_asked_no_more(self):
        before = os.environ["PATH"]
        os.environ["PATH"] = self.put_tool("exit 9")
        try:
            reader = GpuReader(SLOTS, set())
        finally:
            os.environ["PATH"] = before
        starts = 0
        for _ in range(10):
            self.assertEqual(reader.latest(), {})
            if reader._process:
                starts += 1
                reader._process.wait()
        self.assertEqual(starts, 3)

    def test_absent(self):
        self.assertEqual(GpuReader([{"kind": "cpu", "index": 0}], set()).latest(), {})


@unittest.skipUnless(os.geteuid() == 0, "needs root, to mount")
class FullDisk(Pool):
    def setUp(self):
        super().setUp()
        self.disk = os.path.join(self.pool, "runs")
        os.mkdir(self.disk)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.disk], stderr=subprocess.DEVNULL
        )
        if mounted.returncode:
            self.skipTest("cannot mount here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)

    def test_the_end_is_written_although_the_disk_is_full_to_the_last_byte(self):
        script = """
            import trainyard
            run = trainyard.init()
            run.report(0, loss=1)
            with open("fill", "wb", buffering=0) as file:
                size = 65536
                while size:
                    try:
                        file.write(b"x" * size)
                    except OSError:
                        size //= 2
            for step in range(1, 2000):
                run.report(step, loss=1)
            raise SystemExit(4)
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual((ended["code"], ended["launchError"]), (4, None))
        steps = [event["step"] for event in self.whole_events(run_dir)]
        self.assertEqual(steps, list(range(len(steps))), "what had room is there, in order")
        self.assertGreater(len(steps), 0)
        lost = [event for event in self.whole_events(run_dir, "warning") if event["code"].startswith("events_lost")]
        self.assertEqual(len(lost), 1, "the gap is said in the room that was kept for it")
        self.assertIn("%d events are lost" % (2000 - len(steps)), lost[0]["message"])

    def whole_events(self, run_dir, kind="metrics"):
        import json

        folder = os.path.join(run_dir, "events")
        (name,) = [name for name in os.listdir(folder) if "harness" in name]
        with open(os.path.join(folder, name), "rb") as file:
            lines = file.read().split(b"\n")[:-1]  # the last one may be cut, then it is not there yet
        return [event for event in map(json.loads, lines) if event["type"] == kind]


@unittest.skipUnless(os.geteuid() == 0 and os.path.isdir("/sys/fs/cgroup/memory"), "needs root and cgroup v1")
class OutOfMemory(Pool):
    def setUp(self):
        super().setUp()
        try:
            os.mkdir(MEMORY_CGROUP)
        except OSError:
            self.skipTest("cannot make a cgroup here")
        self.addCleanup(self.remove_cgroup)
        self.write("memory.limit_in_bytes", 60_000_000)

    def remove_cgroup(self):
        for _ in range(100):
            try:
                return os.rmdir(MEMORY_CGROUP)
            except OSError:
                time.sleep(0.05)

    def write(self, name, value):
        with open(os.path.join(MEMORY_CGROUP, name), "w") as file:
            file.write(str(value))

    def finish_inside(self, run_dir):
        """Its exit.json, after it ran in the cgroup."""
        inside = "echo $$ > %s/cgroup.procs && exec %s -S -E %s %s" % (
            MEMORY_CGROUP,
            sys.executable,
            SUPERVISOR,
            run_dir,
        )
        process = subprocess.Popen(["sh", "-c", inside], stderr=subprocess.PIPE)
        self.supervisors.append(process)
        return self.finish(run_dir)

    EAT = "x = []\nwhile True: x.append(bytearray(b'x' * 1_000_000))\n"

    def test_a_child_that_was_killed_counts_when_the_script_ends_badly(self):
        script = "import subprocess, sys\nended = subprocess.run([sys.executable, '-c', %r])\nprint(ended.returncode)\n"
        run_dir = self.make(script % self.EAT + "raise SystemExit(0)", name="1.1.1")
        self.assertEqual((self.finish_inside(run_dir)["outOfMemory"], self.text(run_dir, "stdout.log")), (False, "-9\n"))
        run_dir = self.make(script % self.EAT + "raise SystemExit(3)", name="1.2.1")
        ended = self.finish_inside(run_dir)
        self.assertEqual((ended["code"], ended["outOfMemory"]), (3, True))
        shell = {"kind": "shell", "command": "%s train.py; exit $?" % sys.executable}
        run_dir = self.make(self.EAT, name="1.3.1", entrypoint=shell)
        ended = self.finish_inside(run_dir)
        self.assertEqual((ended["code"], ended["outOfMemory"]), (137, True))

    def test_it_is_said_with_peak_and_limit(self):
        ended = self.finish_inside(self.make(self.EAT))
        self.assertEqual((ended["signal"], ended["outOfMemory"]), ("SIGKILL", True))
        self.assertLessEqual(ended["memoryLimitBytes"], 60_000_000)
        self.assertGreater(ended["peakMemoryBytes"], 30_000_000)


if __name__ == "__main__":
    unittest.main()
