"""wandb, old and new: without an account, without a network."""

import unittest

from libraries import in_environments


@in_environments("new", "old")
class Wandb:
    maxDiff = None

    def test_what_is_logged_is_there_though_the_script_is_killed(self):
        run_dir = self.make(
            """
            import os, signal, wandb
            wandb.init(project="p")
            for step in range(24):
                wandb.log({"loss": 1 / (step + 1)})
            os.kill(os.getpid(), signal.SIGKILL)
            """,
            environment={"WANDB_DIR": self.pool, "HOME": self.pool},
        )
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["signal"], "SIGKILL")
        self.assertEqual(self.metrics(run_dir)["training", "loss"], [(step, 1 / (step + 1)) for step in range(24)])

    def test_one_script_that_does_it_all(self):
        run_dir = self.run_captured(
            """
            import wandb
            run = wandb.init(project="p", name="first try", tags=["baseline", "small"], notes="a note",
                             config={"lr": 0.1, "model": {"layers": 3}, "api_token": "secret-1"})
            wandb.config.update({"batch": 32})
            wandb.config.epochs = 4
            run.name = "better name"
            run.tags = run.tags + ("more",)
            run.log({"loss": 3, "acc": 0.5})
            run.log({"loss": 2}, commit=False)
            run.log({"acc": 0.6})
            run.log({"loss": 1.5}, step=7)
            run.log({"nested": {"a": 1, "b": {"c": True}}}, step=8)
            run.log({"text": "words" * 2_000_000, "list": [1, 2], "none": None, "nan": float("nan")}, step=9)
            run.define_metric("epoch")
            run.define_metric("val/*", step_metric="epoch")
            run.define_metric("special", step_metric="epoch")
            run.log({"val/loss": 0.9, "epoch": 100, "special": 5, "loss": 1.2}, step=10)
            run.log({"val/loss": 0.8}, step=11)
            run.log({"loss": 1.1})
            run.summary["best"] = 0.8
            run.summary["loss"] = 0.0
            assert run.offline and wandb.run is run
            run.finish()
            second = wandb.init(project="p", name="fold", config={"fold": 1}, reinit=True)
            second.log({"loss": 9})
            second.name = "renamed"
            wandb.finish()
            third = wandb.init(project="p", reinit=True)
            wandb.log({"loss": 8})
            """,
            hyperparameters={"lr": 0.5},
            environment={"WANDB_DIR": self.pool, "HOME": self.pool},
        )
        found = self.metrics(run_dir)
        expected = {
            ("training", "loss"): [(0, 3), (1, 2), (7, 1.5), (10, 1.2), (11, 1.1)],
            ("training", "acc"): [(0, 0.5), (1, 0.6)],
            ("training", "nested.a"): [(8, 1)],
            ("training", "nested.b.c"): [(8, 1.0)],
            ("training", "nan"): [(9, "NaN")],
            ("training", "epoch"): [(100, 100)],
            ("training", "special"): [(100, 5)],
            ("validation", "val/loss"): [(100, 0.9), (100, 0.8)],
            ("training", "best"): [(11, 0.8)],
            ("training", "fold/loss"): [(0, 9)],
            ("training", "run 3/loss"): [(0, 8)],
        }
        self.assertEqual(found, expected)
        values, origin = self.parameters(run_dir)
        self.assertEqual(
            values, {"lr": 0.5, "model": {"layers": 3}, "batch": 32, "epochs": 4, "fold": {"fold": 1}}
        )
        self.assertEqual(origin["lr"], "configuration")
        self.assertEqual(origin["model.layers"], "captured")
        first, _, about = self.events(run_dir, "captured")
        self.assertEqual((first["name"], first["labels"], first["notes"]), ("first try", ["baseline", "small"], "a note"))
        self.assertEqual((about["library"], about["name"]), ("wandb", "better name"))
        self.assertEqual((about["labels"], about["notes"]), (["baseline", "small", "more"], "a note"))
        warnings = self.warnings(run_dir)
        self.assertIn("left out", warnings["capture_value wandb"])
        self.assertEqual([code for code in warnings if code.startswith("capture ")], [])

    def test_odd_names_and_values_and_processes(self):
        run_dir = self.run_captured(
            """
            import os, sys, threading, numpy, wandb
            run = wandb.init(project="p")
            run.log({'quotes " and\\nnewline \U0001f600': 1, "n" * 400: numpy.float32(0.5), "a/b c": numpy.array([2.0])}, step=3)
            run.log({"big": 10 ** 400, "array": numpy.zeros(1000), "bytes": b"x"}, step=4)
            run.log({"back": 1}, step=2)

            class Tensor:  # as TensorFlow's: a float, if it is one
                def __init__(self, *values):
                    self.values = values

                def __float__(self):
                    (value,) = self.values
                    return value

            from trainyard.capture import sink
            sink.scalar("wandb", "vector", Tensor(1.0, 2.0), 5)
            sink.scalar("wandb", "tensor", Tensor(3.0), 5)
            for bad in (None, 3, {1: 2}):
                try:
                    run.log(bad)
                except Exception as error:
                    assert "trainyard" not in str(error), error
                else:
                    raise AssertionError(bad)
            thread = threading.Thread(target=run.log, args=({"thread": 5},), kwargs={"step": 9})
            thread.start()
            thread.join()
            sys.stdout = open(os.devnull, "w")
            os.chdir("/")
            run.log({"elsewhere": 6}, step=10)
            pid = os.fork()
            if pid == 0:
                import trainyard
                trainyard.report(11, child=1)
                os._exit(0)
            os.waitpid(pid, 0)
            run.log({"last": 7}, step=12)
            """,
            environment={"WANDB_DIR": self.pool, "HOME": self.pool},
        )
        found = self.metrics(run_dir)
        expected = {
            'quotes " and newline \U0001f600': [(3, 1)],
            **{"n" * 250: [(3, 0.5)], "a/b c": [(3, 2.0)], "big": [(4, "Infinity")], "back": [(2, 1)]},
            **{"tensor": [(5, 3.0)]},
            **{"thread": [(9, 5)], "elsewhere": [(10, 6)], "child": [(11, 1)], "last": [(12, 7)]},
        }
        self.assertEqual(found, {("training", name): points for name, points in expected.items()})
        self.assertEqual([code for code in self.warnings(run_dir) if code.startswith("capture ")], [])

    def test_what_the_script_or_the_person_says_of_the_mode_stays(self):
        run_dir = self.run_captured(
            """
            import os, pathlib, wandb
            from wandb.sdk import wandb_init
            from trainyard.capture.libraries import wandb_account as account
            home = pathlib.Path(os.environ["HOME"])

            def mode(**environment):
                os.environ.pop("WANDB_MODE", None)
                os.environ.update(environment)
                account.go_offline()
                for name in environment:
                    if name != "WANDB_MODE":
                        del os.environ[name]
                return os.environ.pop("WANDB_MODE", None)

            assert mode() == "offline"
            assert mode(WANDB_MODE="online") == "online"
            assert mode(WANDB_API_KEY="x" * 40) is None
            (home / ".netrc").write_text("machine github.com login a password b\\n")
            assert mode() == "offline"
            (home / ".netrc").write_text("machine api.wandb.ai login user password b\\n")
            assert mode() is None
            (home / ".netrc").write_text("machine wb.example.com login user password b\\n")
            assert mode(WANDB_BASE_URL="https://wb.example.com:8080/x") is None
            assert mode() == "offline"
            settings = home / ".config" / "wandb" / "settings"
            settings.parent.mkdir(parents=True)
            settings.write_text("[default]\\nmode = online\\n")
            assert mode() is None
            settings.write_text("[default]\\nentity = me\\n")
            assert mode() == "offline"

            assert wandb.login() in (True, False)
            assert os.environ["WANDB_MODE"] == "offline"
            run = wandb.init(mode="disabled")
            run.log({"loss": 1})
            """,
            environment={"WANDB_DIR": self.pool, "HOME": self.pool},
        )
        if self.environment == "new":  # a disabled run of older versions is no run at all
            self.assertEqual(self.metrics(run_dir), {("training", "loss"): [(0, 1)]})


del Wandb

if __name__ == "__main__":
    unittest.main()
