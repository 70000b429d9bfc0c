"""The import hook itself: what else a script may do with Python's start, its processes and its output."""

import os
import sys
import unittest

from libraries import Captured


class Hook(Captured):
    environment = "old"  # the lighter one to import

    def test_the_sitecustomize_that_was_there_before_runs_too(self):
        run_dir = self.make(
            """
            import sys, sitecustomize
            print("theirs is", sitecustomize.__file__, sitecustomize.marker)
            print([entry for entry in sys.path if entry.endswith("capture/site")])
            from torch.utils.tensorboard import SummaryWriter
            SummaryWriter("logs").add_scalar("loss", 1, 1)
            """,
            environment={"PYTHONPATH": "theirs"},
        )
        theirs = os.path.join(run_dir, "work", "theirs")
        os.mkdir(theirs)
        with open(os.path.join(theirs, "sitecustomize.py"), "w") as file:
            file.write("marker = 'there'\n")
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertIn("theirs/sitecustomize.py there\n[]\n", self.text(run_dir, "stdout.log"))
        self.assertEqual(self.metrics(run_dir), {("training", "loss"): [(1, 1)]})

    def test_a_sitecustomize_that_raises_is_python_s_own_matter(self):
        run_dir = self.make("print('still runs')", environment={"PYTHONPATH": "theirs"})
        theirs = os.path.join(run_dir, "work", "theirs")
        os.mkdir(theirs)
        with open(os.path.join(theirs, "sitecustomize.py"), "w") as file:
            file.write("raise RuntimeError('mine')\n")
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertIn("still runs", self.text(run_dir, "stdout.log"))
        self.assertIn("RuntimeError: mine", self.text(run_dir, "stderr.log"))

    def test_isolated_pythons_run_without_it(self):
        for option in ("-I", "-S", "-E"):
            with self.subTest(option):
                script = "import sys; print('ran', 'trainyard' in sys.modules)"
                entrypoint = {"kind": "command", "argv": [sys.executable, option, "-c", script]}
                run_dir = self.make(name="1.1.%d" % ord(option[1]), entrypoint=entrypoint)
                self.start(run_dir)
                self.assertEqual(self.finish(run_dir)["code"], 0)
                self.assertEqual(self.text(run_dir, "stdout.log"), "ran False\n")

    def test_forks_directories_and_replaced_output(self):
        run_dir = self.run_captured(
            """
            import io, os, sys, threading
            from torch.utils.tensorboard import SummaryWriter
            writer = SummaryWriter(os.path.abspath("logs"))
            writer.add_scalar("loss", 1, 1)
            os.makedirs("elsewhere"); os.chdir("elsewhere")
            sys.stdout = io.StringIO(); sys.stderr = None
            writer.add_scalar("loss", 2, 2)
            pid = os.fork()
            if pid == 0:
                writer.add_scalar("child", 3, 3)
                os._exit(0)
            os.waitpid(pid, 0)
            thread = threading.Thread(target=writer.add_scalar, args=("loss", 4, 4)); thread.start(); thread.join()
            """
        )
        self.assertEqual(
            self.metrics(run_dir),
            {("training", "loss"): [(1, 1), (2, 2), (4, 4)], ("training", "child"): [(3, 3)]},
        )
        writers = [name for name in os.listdir(os.path.join(run_dir, "events")) if "harness" in name]
        self.assertEqual(len(writers), 2)

    def test_a_version_that_is_not_known_is_said_once_and_the_rest_captured(self):
        run_dir = self.make(
            """
            from torch.utils.tensorboard.writer import SummaryWriter
            SummaryWriter().add_scalar("loss", 1, 1)
            """,
            entrypoint={"kind": "script", "interpreter": sys.executable, "script": "train.py", "arguments": []},
        )
        package = os.path.join(run_dir, "work", "torch", "utils", "tensorboard")
        os.makedirs(package)
        for folder in ("torch", "torch/utils", "torch/utils/tensorboard"):
            with open(os.path.join(run_dir, "work", folder, "__init__.py"), "w") as file:
                file.write("__version__ = '99'\n")
        with open(os.path.join(package, "writer.py"), "w") as file:
            file.write("class SummaryWriter:\n    def add_scalar(self, tag, scalar_value, global_step=None): pass\n")
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertEqual(self.metrics(run_dir), {("training", "loss"): [(1, 1)]})
        (message,) = self.warnings(run_dir).values()
        self.assertIn("a part of torch.utils.tensorboard.writer 99 is not captured", message)

    def test_a_million_names_do_no_harm(self):
        run_dir = self.run_captured(
            """
            from trainyard.capture import sink
            for number in range(200_000):
                sink.scalar("test", "name %d" % number, 1.0, 1)
            sink.scalar("test", "name 5", 2.0, 2)
            assert len(sink._places) <= sink.MAX_NAMES
            """
        )
        found = self.metrics(run_dir)
        self.assertEqual(len(found), 10_000)
        self.assertEqual(found["training", "name 5"], [(1, 1.0), (2, 2.0)])
        self.assertIn("metric_names", self.warnings(run_dir))

    def test_what_is_not_a_number_is_left_out_and_said_once(self):
        run_dir = self.run_captured(
            """
            from trainyard.capture import sink
            class Odd:
                def __float__(self): raise RuntimeError("odd")
                def __repr__(self): raise RuntimeError("odder")
            for value in ("text", None, [1, 2], b"x" * 10_000_000, Odd(), object(), 1 + 2j):
                sink.scalar("test", "value", value, 1)
            sink.scalar("test", "flag", True, 1)
            sink.scalar("test", "step", 1.0, float("nan"))
            sink.scalars("test", {"a": 1, "b": "text", 7: 2.5}, 3)
            """
        )
        found = self.metrics(run_dir)
        self.assertEqual(found, {("training", name): at for name, at in
                                 {"flag": [(1, 1)], "a": [(3, 1)], "7": [(3, 2.5)]}.items()})
        self.assertEqual(sorted(self.warnings(run_dir)), ["capture_value test", "metric_step"])


if __name__ == "__main__":
    unittest.main()
