"""The harness in real processes: what was reported is there, whatever happens to the script."""

import os
import subprocess
import sys
import tempfile
import unittest

from support import PACKAGE_PARENT, Pool

from trainyard.harness.values import to_json, to_number


class Reporting(Pool):
    def test_a_killed_script_loses_no_reported_line(self):
        script = """
            import os, signal, trainyard
            run = trainyard.init()
            for step in range(5000):
                run.report(step, loss=1 / (step + 1))
            os.kill(os.getpid(), signal.SIGKILL)
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["signal"], "SIGKILL")
        events = self.events(run_dir, "metrics", "harness")
        self.assertEqual([event["step"] for event in events], list(range(5000)))
        self.assertEqual(events[9]["values"], {"loss": 0.1})

    def test_killed_in_the_middle_of_reporting(self):
        script = """
            import trainyard
            run = trainyard.init()
            for step in range(10**9):
                if step == 1000:
                    print("ready", flush=True)
                run.report(step, loss=0.5)
        """
        run_dir = self.make(script)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "kill")
        self.finish(run_dir)
        events = self.events(run_dir, None, "harness")
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        self.assertGreater(len(events), 1000)

    def test_every_kind_of_number(self):
        script = """
            import decimal, fractions, trainyard
            class Scalar:  # as numpy scalars and 0-d tensors are
                def __init__(self, value): self.value = value
                def item(self): return self.value
            class Array:
                shape = (3, 2)
                def item(self): raise ValueError("only one element tensors can be converted")
            class Broken:
                def item(self): raise KeyboardInterrupt if False else OSError("device lost")
            run = trainyard.init()
            run.report(1, {"val/loss": 1, "big": 10**400, "d": decimal.Decimal("0.5"), "f": fractions.Fraction(1, 4)})
            run.report(2.5, a=Scalar(2), b=Scalar(float("nan")), c=float("inf"), d=-float("inf"))
            run.report(Scalar(3), none=None, yes=True, text="0.5", array=Array(), z=1j, broken=Broken(), ok=1)
            run.report(3, none=None)
            run.report(4, {"": 1, "x" * 251: 1, "a\\nb": 1, 5: 1, "ok": 2})
            run.report(5, {})
            run.report(float("nan"), lost=1)
            run.report(Scalar(-float("inf")), lost=1)
            run.report(6, {'quoted"\\\\ \\u00e9\\U0001f600': 1})
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        events = self.events(run_dir, "metrics")
        self.assertEqual(
            [(event["step"], event["values"]) for event in events],
            [
                (1, {"val/loss": 1, "big": "Infinity", "d": 0.5, "f": 0.25}),
                (2.5, {"a": 2, "b": "NaN", "c": "Infinity", "d": "-Infinity"}),
                (3, {"ok": 1}),
                (4, {"ok": 2}),
                (6, {'quoted"\\ \u00e9\U0001f600': 1}),
            ],
        )
        warnings = self.events(run_dir, "warning")
        kinds = {event["code"].split(" ")[0] for event in warnings}
        self.assertEqual(kinds, {"metric_value", "metric_name", "metric_step"})
        self.assertEqual(len({event["code"] for event in warnings}), len(warnings), "each is shown")
        self.assertEqual(len(warnings), 6 + 4 + 1, "once a name, and once for the steps")
        self.assertIn("(3, 2)", " ".join(event["message"] for event in warnings))
        self.assertIn("trainyard: the metric 'none' was left out", self.text(run_dir, "stderr.log"))

    def test_names_beyond_the_limit_are_left_out_counted_and_said_once(self):
        script = """
            import trainyard
            run = trainyard.init()
            for step in range(12):
                run.report(step, {"name%d" % i: i for i in range(step * 1000, step * 1000 + 1000)})
            run.report(12, name0=1, another=2)
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["code"], 0)
        events = self.events(run_dir, "metrics")
        self.assertEqual(len({name for event in events for name in event["values"]}), 10_000)
        self.assertEqual(events[-1]["values"], {"name0": 1}, "those that there are stay")
        warnings = {event["code"]: event["message"] for event in self.events(run_dir, "warning")}
        self.assertEqual(sorted(warnings), ["metric_names", "metric_names_total"])
        self.assertIn("at most 10000 names of metrics: 'name10000'", warnings["metric_names"])
        self.assertIn("2001 values", warnings["metric_names_total"])

    def test_several_numbers_are_not_one(self):
        script = """
            import trainyard
            class Rude:
                def __repr__(self): raise RuntimeError("no")
            trainyard.report(1, nested={"a": 1}, several=[1, 2], rude=Rude(), ok=1)
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertEqual([event["values"] for event in self.events(run_dir, "metrics")], [{"ok": 1}])
        messages = "\n".join(event["message"] for event in self.events(run_dir, "warning"))
        self.assertEqual(messages.count("report each of its numbers under a name of its own"), 2)
        self.assertIn("<RuntimeError>", messages)

    def test_bad_steps_and_groups_are_errors_of_the_script(self):
        script = """
            import trainyard
            run = trainyard.init()
            for step, group in [("one", "training"), (None, "training"), (1, "a.b"), (1, ""), (1, "x" * 65), (1, 5)]:
                try:
                    run.report(step, {"loss": 1}, group=group)
                    print("accepted", step, group)
                except (TypeError, ValueError) as error:
                    print(type(error).__name__, error)
        """
        run_dir, _ = self.run_script(script)
        output = self.text(run_dir, "stdout.log")
        self.assertNotIn("accepted", output)
        self.assertEqual(output.count("TypeError"), 2)
        self.assertEqual(output.count("ValueError"), 4)

    def test_a_report_over_one_mebibyte_is_split(self):
        script = "import trainyard\ntrainyard.report(1, {'%05d' % i + 'n' * 200: i for i in range(9000)})"
        run_dir, _ = self.run_script(script)
        events = self.events(run_dir, "metrics")
        self.assertGreater(len(events), 1)
        self.assertEqual(sum(len(event["values"]) for event in events), 9000)
        name = [name for name in os.listdir(os.path.join(run_dir, "events")) if "harness" in name][0]
        with open(os.path.join(run_dir, "events", name)) as file:
            self.assertLess(max(map(len, file)), 1024 * 1024)

    def test_threads(self):
        script = """
            import threading, trainyard
            run = trainyard.init()
            def work(name):
                for step in range(500):
                    run.report(step, {name: step})
            threads = [threading.Thread(target=work, args=("m%d" % i,)) for i in range(8)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        """
        run_dir, _ = self.run_script(script)
        events = self.events(run_dir, None, "harness")
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(len([event for event in events if event["type"] == "metrics"]), 4000)

    def test_forked_children_and_ranks_write_files_of_their_own(self):
        script = """
            import os, trainyard
            run = trainyard.init()
            run.report(0, parent=1)
            if os.fork() == 0:
                run.report(1, child=1)
                os._exit(0)
            os.wait()
            run.report(2, parent=2)
        """
        run_dir, _ = self.run_script(script, environment={"RANK": "3"})
        names = [name for name in os.listdir(os.path.join(run_dir, "events")) if "harness" in name]
        self.assertEqual(len(names), 2)
        self.assertTrue(all(name.startswith("3-harness-") for name in names))
        for name in names:
            events = self.events(run_dir, None, name)
            self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))

    def test_a_full_disk_costs_no_training_and_no_line_once_there_is_room(self):
        script = """
            import glob, resource, signal, trainyard
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            run = trainyard.init()
            run.report(0, loss=1)
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
            for step in range(1, 100):
                run.report(step, loss=1)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            run.report(100, loss=1)
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertEqual([e["step"] for e in self.events(run_dir, "metrics")], list(range(101)))

    def test_module_level_and_progress(self):
        script = """
            import trainyard
            trainyard.report(1, loss=0.5)
            trainyard.validate(1, {"loss": 0.75})
            trainyard.progress(0.25)
            trainyard.progress(7)
            assert trainyard.init() is trainyard.init()
            assert trainyard.latest_checkpoint() is None
            assert trainyard.should_stop() is False
            assert "init" in dir(trainyard)
            with trainyard.checkpoint(1) as path:
                (path / "m").write_text("x")
            assert trainyard.latest_checkpoint() == path
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertEqual([e["group"] for e in self.events(run_dir, "metrics")], ["training", "validation"])
        self.assertEqual([e["fraction"] for e in self.events(run_dir, "progress")], [0.25, 1.0])


class Parameters(Pool):
    def test_where_they_come_from(self):
        script = """
            import trainyard
            run = trainyard.init()
            assert run.params.net.depth == run.params["net"]["depth"] == 3
            assert dict(**run.params.net) == {"depth": 3} and "lr" in run.params and len(run.params) == 3
            assert trainyard.param("lr", 1.0) == 0.5 and trainyard.param("net.depth") == 3
            assert type(run.param("epochs", 2.0)) is float
            assert trainyard.param("batch-size", 1) == 64 and trainyard.param("fast", False) is True
            assert trainyard.param("net.width", 8) == 8
            for wrong in (lambda: run.params.nothing, lambda: trainyard.param("nothing"), lambda: trainyard.param("word", 1)):
                try:
                    wrong()
                    print("accepted")
                except (AttributeError, KeyError, ValueError) as error:
                    print(error)
        """
        entrypoint = {"kind": "script", "interpreter": sys.executable, "script": "train.py"}
        entrypoint["arguments"] = ["--lr=0.5", "--batch_size", "64", "--fast", "--word", "abc"]
        run_dir, ended = self.run_script(
            script, hyperparameters={"lr": 0.1, "net": {"depth": 3}, "epochs": 5}, entrypoint=entrypoint
        )
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertNotIn("accepted", self.text(run_dir, "stdout.log"))
        last = self.events(run_dir, "params")[-1]
        self.assertEqual(
            last["values"],
            {"lr": 0.5, "net": {"depth": 3, "width": 8}, "epochs": 5, "batch-size": 64, "fast": True},
        )
        self.assertEqual(
            last["origin"],
            {
                "lr": "flag",
                "net.depth": "configuration",
                "epochs": "configuration",
                "batch-size": "flag",
                "fast": "flag",
                "net.width": "default",
            },
        )

    def test_flags_that_are_the_configuration(self):
        """As `pass_as: flags` passes them."""
        script = """
            import trainyard
            assert trainyard.param("lr", 1.0) == 1e-05
            assert trainyard.param("name", "x") == "-a b"
            assert trainyard.param("fast", False) is True
            assert trainyard.param("sizes") == [1, 2]
            assert trainyard.param("net.depth") == 4
        """
        entrypoint = {"kind": "script", "interpreter": sys.executable, "script": "train.py"}
        entrypoint["arguments"] = ["--lr=0.00001", "--name=-a b", "--fast", "--sizes", "1", "2", "--net.depth=4"]
        given = {"lr": 0.00001, "name": "-a b", "fast": True, "sizes": [1, 2], "net": {"depth": 3}}
        run_dir, ended = self.run_script(script, hyperparameters=given, entrypoint=entrypoint)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        origin = self.events(run_dir, "params")[-1]["origin"]
        self.assertEqual(origin.pop("net.depth"), "flag")
        self.assertEqual(set(origin.values()), {"configuration"})

    def test_invalid_hyperparameters(self):
        run_dir, ended = self.run_script(
            "import trainyard\ntrainyard.init()\nraise trainyard.InvalidHP('lr is negative')"
        )
        self.assertEqual(ended["code"], 1)
        self.assertEqual([e["message"] for e in self.events(run_dir, "invalid_hp")], ["lr is negative"])
        self.assertIn("lr is negative", self.text(run_dir, "stderr.log"))


class Stopping(Pool):
    def test_the_first_true_acknowledges_once_and_stays(self):
        script = """
            import time, trainyard
            run = trainyard.init()
            print("ready", flush=True)
            while not run.should_stop():
                time.sleep(0.01)
            assert run.should_stop() and trainyard.should_stop()
        """
        run_dir = self.make(script)
        self.start(run_dir)
        self.say(run_dir, "ready")
        self.control(run_dir, 1, "run")
        self.control(run_dir, 2, "pause")
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertEqual([(e["control"], e["action"]) for e in self.events(run_dir, "ack")], [(2, "pause")])


class Local(unittest.TestCase):
    def run_in(self, folder, script, **env):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRAINYARD_")}
        environment.update(env, PYTHONPATH=PACKAGE_PARENT)
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )

    def test_outside_a_pool_the_same_files_are_kept_here(self):
        script = "import trainyard\nr = trainyard.init()\nr.report(1, loss=0.5)\n"
        script += "with r.checkpoint(1) as p: (p / 'm').write_text('x')\nassert not r.should_stop()"
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                done = self.run_in(folder, script)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("not in a pool", done.stderr)
            root = os.path.join(folder, "trainyard-runs")
            with open(os.path.join(root, ".gitignore")) as file:
                self.assertEqual(file.read(), "*\n")
            runs = sorted(name for name in os.listdir(root) if name != ".gitignore")
            self.assertEqual(len(runs), 2)
            run_dir = os.path.join(root, runs[0])
            self.assertLessEqual({"spec.json", "events", "checkpoints", "provenance.json"}, set(os.listdir(run_dir)))
            events = os.listdir(os.path.join(run_dir, "events"))
            self.assertRegex(events[0], r"^0-harness-\d+-\d+\.jsonl$")

    def test_going_on_from_a_checkpoint_by_hand(self):
        first = "import trainyard\nr = trainyard.init()\nwith r.checkpoint(1) as p: (p / 'm').write_text('x')"
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.run_in(folder, first).returncode, 0)
            (run,) = [name for name in os.listdir(os.path.join(folder, "trainyard-runs")) if name != ".gitignore"]
            checkpoints = os.path.join(folder, "trainyard-runs", run, "checkpoints")
            files = os.path.join(checkpoints, os.listdir(checkpoints)[0], "files")
            script = "import trainyard; print((trainyard.init().latest_checkpoint / 'm').read_text())"
            self.assertEqual(self.run_in(folder, script, TRAINYARD_CHECKPOINT=files).returncode, 0)
            with open(os.path.join(files, "m"), "w") as file:
                file.write("longer")
            done = self.run_in(folder, script, TRAINYARD_CHECKPOINT=files)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("damaged: m has 6 bytes, its manifest says 1", done.stderr)

    def test_a_folder_that_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "trainyard-runs"), "w"):
                pass  # a file in its place: root may write into read-only folders
            done = self.run_in(folder, "import trainyard; trainyard.report(1, loss=1)", TMPDIR=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("cannot write to", done.stderr)


class Values(unittest.TestCase):
    def test_numbers(self):
        for good in (1, 1.5, True.__int__(), 1 << 62):
            self.assertEqual(to_number(good), good)
        for bad in (None, True, "1", b"1", 1j, [1], {}, object()):
            with self.assertRaises(TypeError):
                to_number(bad)

    def test_json(self):
        self.assertEqual(to_json({"a": (1, {"b": float("nan")}), 2: None}), {"a": [1, {"b": "NaN"}], "2": None})
        with self.assertRaisesRegex(TypeError, r"metadata\.model\[1\]"):
            to_json({"model": [1, object()]}, "metadata")


if __name__ == "__main__":
    unittest.main()
