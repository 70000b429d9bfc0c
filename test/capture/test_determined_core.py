"""Scripts in the style of Determined's Core API tutorials, unchanged, under the real supervisor. They need no library."""

import json
import os
import sys

from determined_runs import DeterminedRuns

INCREMENT = """
import logging, pathlib, sys, time
import determined as det

def save_state(x, steps_completed, trial_id, path):
    with path.joinpath("state").open("w") as f:
        f.write(f"{x},{steps_completed},{trial_id}")

def load_state(trial_id, path):
    with path.joinpath("state").open("r") as f:
        x, steps_completed, ckpt_trial_id = [int(field) for field in f.read().split(",")]
    return (x, steps_completed) if ckpt_trial_id == trial_id else (x, 0)

def main(core_context, latest_checkpoint, trial_id, increment_by, total):
    x, starting_batch = 0, 0
    if latest_checkpoint is not None:
        with core_context.checkpoint.restore_path(latest_checkpoint) as path:
            x, starting_batch = load_state(trial_id, path)
    for batch in range(starting_batch, total):
        x += increment_by
        steps_completed = batch + 1
        time.sleep(PACE)
        logging.info(f"x is now {x}")
        if steps_completed % 10 == 0:
            core_context.train.report_training_metrics(steps_completed=steps_completed, metrics={"x": x})
            core_context.train.report_progress(steps_completed / float(total))
            checkpoint_metadata = {"steps_completed": steps_completed}
            with core_context.checkpoint.store_path(checkpoint_metadata) as (path, storage_id):
                save_state(x, steps_completed, trial_id, path)
            if core_context.preempt.should_preempt():
                return
    core_context.train.report_validation_metrics(steps_completed=steps_completed, metrics={"x": x})

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format=det.LOG_FORMAT, stream=sys.stdout)
    info = det.get_cluster_info()
    assert info is not None
    hparams = info.trial.hparams
    with det.core.init() as core_context:
        main(core_context, info.latest_checkpoint, info.trial.trial_id, hparams["increment_by"], 100)
"""


class Core(DeterminedRuns):
    def test_metrics_checkpoints_and_hyperparameters(self):
        run_dir = self.run_determined(INCREMENT.replace("PACE", "0"), hyperparameters={"increment_by": 2})
        found = self.metrics(run_dir)
        self.assertEqual(found["training", "x"], [(step, 2 * step) for step in range(10, 101, 10)])
        self.assertEqual(found["validation", "x"], [(100, 200)])
        stored = self.events(run_dir, "checkpoint")
        self.assertEqual([event["step"] for event in stored], list(range(10, 101, 10)))
        manifest = self.manifest(stored[-1]["uuid"])
        self.assertEqual(manifest["metadata"], {"steps_completed": 100})
        self.assertEqual([file["path"] for file in manifest["files"]], ["metadata.json", "state"])
        self.assertIn("INFO: [", self.text(run_dir, "stdout.log"))
        self.assertEqual(self.events(run_dir, "progress")[-1]["fraction"], 1)

    def test_preempted_and_continued(self):
        script = INCREMENT.replace("PACE", "0.02")
        run_dir = self.make(script, hyperparameters={"increment_by": 1}, configuration={})
        self.start(run_dir)
        self.say(run_dir, "x is now 15")
        self.control(run_dir, 1, "pause")
        ended = self.finish(run_dir)
        self.assertEqual((ended["code"], ended["acknowledged"]), (0, {"control": 1, "action": "pause"}))
        last = self.events(run_dir, "checkpoint")[-1]
        self.assertLess(last["step"], 100)
        again = self.run_determined(
            script, name="1.1.2", attempt=2, hyperparameters={"increment_by": 1},
            latestCheckpoint={"uuid": last["uuid"], "step": last["step"]},
        )  # fmt: skip
        first = self.events(again, "metrics", "harness")[0]
        self.assertEqual(first["step"], last["step"] + 10)
        self.assertEqual(self.metrics(again)["validation", "x"], [(100, 100)])

    def test_what_a_script_finds_of_its_run(self):
        run_dir = self.run_determined(
            """
            import json, os
            import determined as det
            from determined.experimental import client, core_v2
            info = det.get_cluster_info()
            print(json.dumps({
                "trial": [info.trial.trial_id, info.trial.experiment_id, info.trial.trial_seed, info.trial._trial_run_id],
                "hparams": info.trial.hparams, "data": info.user_data, "slots": info.slot_ids, "type": info.task_type,
                "searcher": info.trial._config["searcher"], "records": info.trial._config["records_per_epoch"],
                "env": {name: os.environ.get(name) for name in ("DET_TRIAL_ID", "DET_HPARAMS", "DET_LATEST_CHECKPOINT")},
                "latest": info.latest_checkpoint,
            }))
            try:
                client.create_experiment("x", ".")
            except RuntimeError as error:
                assert "trainyard submit" in str(error), error
            """,
            trial="12.3", experiment=12, hyperparameters={"a": {"b": 1}},
            configuration={"data": {"where": "/d"}, "searcher": {"name": "single", "metric": "loss"}},
        )  # fmt: skip
        found = json.loads(self.text(run_dir, "stdout.log").splitlines()[-1])
        self.assertEqual(found["trial"], [12000003, 12, 7, 1])
        self.assertEqual((found["hparams"], found["data"]), ({"a": {"b": 1}}, {"where": "/d"}))
        self.assertEqual(found["searcher"], {"name": "single", "metric": "loss", "smaller_is_better": True})
        self.assertEqual(
            found["env"],
            {"DET_TRIAL_ID": "12000003", "DET_HPARAMS": '{"a": {"b": 1}}', "DET_LATEST_CHECKPOINT": None},
        )
        self.assertEqual((found["slots"], found["type"], found["latest"]), ([], "TRIAL", None))

    def test_metrics_of_all_kinds(self):
        run_dir = self.run_determined(
            """
            import determined as det
            with det.core.init() as core:
                core.train.report_metrics("inference", 3, {"outer": {"inner": 1.5, "flag": True}, "word": "text", "nan": float("nan")})
                core.train.report_metrics("inference", 3, {"other": 2})
                for bad in (
                    lambda: core.train.report_validation_metrics(1, {"loss": None}),
                    lambda: core.train.report_metrics("a.b", 1, {"x": 1}),
                    lambda: core.train.report_progress(1.5),
                    lambda: core.checkpoint.store_path({}).__enter__(),
                    lambda: core.checkpoint.get_metadata("../../etc"),
                    lambda: core.checkpoint.get_metadata("00000000-0000-4000-8000-000000000000"),
                    lambda: core.alert("x", level="loud"),
                    lambda: core.searcher.operations(),
                    lambda: core.train.upload_tensorboard_files(),
                ):
                    try:
                        bad()
                    except Exception as error:
                        print("refused", type(error).__name__, flush=True)
                core.alert("Look", "at this", "warn")
                core.train.set_metadata({"accuracy": 1, "nested": {"list": [1]}})
                assert core.train.get_metadata() == {"accuracy": 1, "nested": {"list": [1]}}
                core.profiler.on(); core.profiler.off()
                core.train.report_validation_metrics(5, {"validation_loss": 3.0})
                core.train.report_validation_metrics(6, {"validation_loss": 2.0})
                assert core.train.get_experiment_best_validation() == 2.0
            """
        )
        found = self.metrics(run_dir)
        self.assertEqual(found["inference", "outer.inner"], [(3, 1.5)])
        self.assertEqual(found["inference", "outer.flag"], [(3, 1)])
        self.assertEqual(found["inference", "nan"], [(3, "NaN")])
        self.assertEqual(found["inference", "other"], [(3, 2)])
        self.assertNotIn(("inference", "word"), found)
        self.assertEqual(
            self.text(run_dir, "stdout.log").split()[1::2],
            ["RuntimeError", "ValueError", "ValueError", "ValueError", "ValueError", "FileNotFoundError", "ValueError"]
            + ["RuntimeError", "RuntimeError"],
        )
        self.assertEqual(self.warnings(run_dir)["alert Look"], "Look: at this")

    def test_checkpoints_are_uploaded_downloaded_and_restored(self):
        run_dir = self.run_determined(
            """
            import os, pathlib
            import determined as det
            folder = pathlib.Path("mine"); (folder / "deep").mkdir(parents=True)
            (folder / "deep" / "weights").write_text("w"); (folder / "log").write_text("l")
            with det.core.init() as core:
                first = core.checkpoint.upload(folder, {"steps_completed": 1, "step": 7, "note": {"a": 1}})
                second = core.checkpoint.upload("mine", {"steps_completed": 2}, selector=lambda p: p.startswith("deep"))
                assert core.checkpoint.get_metadata(first) == {"steps_completed": 1, "step": 7, "note": {"a": 1}}
                with core.checkpoint.restore_path(second) as path:
                    assert sorted(p.name for p in path.rglob("*") if p.is_file()) == ["metadata.json", "weights"]
                core.checkpoint.download(first, "back", selector=lambda p: p.endswith("weights"))
                assert pathlib.Path("back/deep/weights").read_text() == "w" and not os.path.exists("back/log")
                pathlib.Path("back/deep/weights").write_text("mine again")
                core.checkpoint.delete(first)
                core.checkpoint.get_metadata(first)
                try:
                    with core.checkpoint.store_path({"steps_completed": 3}) as (path, storage_id):
                        (path / "half").write_text("x")
                        raise OSError("of the script")
                except OSError:
                    pass
            """
        )
        self.assertEqual([event["step"] for event in self.events(run_dir, "checkpoint")], [1, 2])
        self.assertEqual(len(os.listdir(os.path.join(self.pool, "checkpoints"))), 2)
        (unneeded,) = self.events(run_dir, "unneeded")
        self.assertEqual(unneeded["uuid"], self.events(run_dir, "checkpoint")[0]["uuid"])

    def test_invalid_hyperparameters(self):
        script = """
            import determined as det
            with det.core.init() as core:
                raise det.InvalidHP("too large")
            """
        run_dir = self.run_determined(script)
        self.assertEqual([event["message"] for event in self.events(run_dir, "invalid_hp")], ["too large"])

    def test_odd_configurations_and_metrics(self):
        run_dir = self.run_determined(
            """
            import determined as det
            info = det.get_cluster_info()
            config = info.trial._config
            assert config["optimizations"]["aggregation_frequency"] == 1 and config["searcher"]["metric"] == "validation_loss"
            assert info.user_data == {}
            with det.core.init() as core:
                core.train.report_training_metrics(1, {"a/b c\\n": 1, "list": [1, 2], "bytes": b"x", 3: 4, "deep": {"er": {"est": 5}}})
                core.train.report_training_metrics(2, {"x" * 300: 1, "huge": "y" * 10_000_000, "big": 10 ** 400})
                core.train.report_training_metrics(1, {"back": 1})
                for folder, step, expected in (("nowhere", 1, NotADirectoryError), (".", float("nan"), ValueError)):
                    try:
                        core.checkpoint.upload(folder, {"steps_completed": step})
                    except expected:
                        print("refused")
            """,
            configuration={"optimizations": 3, "searcher": None, "data": None, "resources": []},
        )
        found = self.metrics(run_dir)
        self.assertEqual(found["training", "3"], [(1, 4)])
        self.assertEqual(found["training", "deep.er.est"], [(1, 5)])
        self.assertEqual(found["training", "back"], [(1, 1)])
        self.assertEqual(found["training", "big"], [(2, "Infinity")])
        self.assertEqual(self.text(run_dir, "stdout.log"), "refused\n" * 2)
        self.assertEqual(os.listdir(os.path.join(self.pool, "checkpoints")), [])

    def test_core_v2(self):
        run_dir = self.run_determined(
            """
            from determined.experimental import core_v2
            core_v2.init(defaults=core_v2.DefaultConfig(name="mine", hparams={"lr": 0.1}))
            core_v2.train.report_training_metrics(1, {"loss": 2})
            core_v2.close()
            """
        )
        self.assertEqual(self.metrics(run_dir), {("training", "loss"): [(1, 2)]})
        self.assertEqual(self.events(run_dir, "captured")[-1]["name"], "mine")

    def test_an_installed_determined_is_preferred(self):
        run_dir = self.make("import determined\nprint(determined.mine)", configuration={})
        with open(os.path.join(run_dir, "work", "determined.py"), "w") as file:
            file.write("mine = 'the real one'")
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0)
        self.assertIn("the real one", self.text(run_dir, "stdout.log"))

    def test_also_when_nothing_is_captured(self):
        self.run_determined("import determined\nimport sys\nassert 'trainyard.capture' not in sys.modules", capture=[])

    def test_several_slots_need_a_distributed_context(self):
        _, ended = self.run_script(
            "import determined as det\ndet.core.init()", configuration={}, slots=self.slots(2),
        )  # fmt: skip
        self.assertEqual(ended["code"], 1)

    def test_startup_hook(self):
        def run(hook):
            run_dir = self.make(
                "", entrypoint={"kind": "shell", "command": "echo entry $WORD"}, configuration={"entrypoint": "echo entry $WORD"},
                name="1.1.%d" % (len(os.listdir(os.path.join(self.pool, "runs"))) + 1 if hook else 9),
            )  # fmt: skip
            with open(os.path.join(run_dir, "work", "startup-hook.sh"), "w") as file:
                file.write(hook)
            self.start(run_dir)
            return self.finish(run_dir)["code"], self.text(run_dir, "stdout.log")

        os.makedirs(os.path.join(self.pool, "runs"))
        self.assertEqual(run("export WORD='it is'\n"), (0, "entry it is\n"))
        code, out = run("false\n")
        self.assertEqual((code != 0, out), (True, ""))
