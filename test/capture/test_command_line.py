"""The command line as the parameters of a run: argparse, click, Hydra, absl and dataclasses, old and new."""

import unittest

from libraries import in_environments


@in_environments("new", "old")
class CommandLine:
    maxDiff = None

    def run_with(self, arguments, script, **changes):
        entrypoint = {"kind": "script", "interpreter": self.python(), "script": "train.py", "arguments": arguments}
        return self.run_captured(script, entrypoint=entrypoint, **changes)

    def test_argparse(self):
        run_dir = self.run_with(
            ["--lr=0.1", "--batch", "32", "-v", "-w4", "--api-token", "hidden-1", "--weight-decay", "0.5"]
            + ["fit", "--rounds", "3"],
            """
            import argparse, enum, pathlib, sys
            import trainyard
            before = argparse.ArgumentParser().parse_known_args(["--of-another", "1"])
            kind = enum.Enum("kind", "sgd adam")
            parser = argparse.ArgumentParser()
            parser.add_argument("--lr", type=float, default=0.01)
            parser.add_argument("--batch-size", type=int, default=8)
            parser.add_argument("-v", "--verbose", action="store_true")
            parser.add_argument("-w", "--workers", type=int, default=1)
            parser.add_argument("--momentum", type=float, default=0.9)
            parser.add_argument("--api-token", default="none")
            parser.add_argument("--key_dim", type=int, default=64)
            parser.add_argument("--optimizer", default=kind.adam)
            parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("data"))
            parser.add_argument("--weight-decay", type=float, default=0)
            parser.add_argument("--seen", default=5)
            parser.set_defaults(function=print)
            commands = parser.add_subparsers(dest="command")
            fit = commands.add_parser("fit")
            fit.add_argument("--rounds", type=int, default=1)
            fit.add_argument("--patience", type=int, default=2)
            trainyard.param("seen", 7)
            args = parser.parse_args()
            assert args.lr == 0.1 and args.batch_size == 32 and args.workers == 4 and args.function is print
            """,
            hyperparameters={"weight-decay": 0.5},
        )
        values, origin = self.parameters(run_dir)
        self.assertEqual(
            values,
            {
                **{"weight-decay": 0.5, "lr": 0.1, "batch_size": 32, "verbose": True, "workers": 4, "momentum": 0.9},
                **{"key_dim": 64, "optimizer": "adam", "data": "data", "seen": 7, "command": "fit"},
                **{"rounds": 3, "patience": 2},
            },
        )
        given = {name for name, where in origin.items() if where == "flag"}
        self.assertEqual(given, {"lr", "batch_size", "verbose", "workers", "command", "rounds"})
        self.assertEqual(origin["weight-decay"], "configuration")
        self.assertNotIn("hidden-1", str(self.events(run_dir)))

    def test_a_bad_command_line_ends_as_it_would(self):
        script = """
            import argparse
            parser = argparse.ArgumentParser()
            parser.add_argument("--lr", type=float)
            parser.parse_args()
            """
        entrypoint = {"kind": "script", "interpreter": self.python(), "script": "train.py", "arguments": ["--lr", "x"]}
        run_dir, ended = self.run_script(script, entrypoint=entrypoint)
        self.assertEqual(ended["code"], 2)
        self.assertNotIn("trainyard", self.text(run_dir, "stderr.log"))

    def test_click(self):
        run_dir = self.run_with(
            ["--lr", "0.1", "fit", "--rounds", "3"],
            """
            import click

            @click.group()
            @click.option("--lr", default=0.01)
            @click.option("--momentum", default=0.9)
            def main(lr, momentum):
                assert lr == 0.1

            @main.command()
            @click.option("--rounds", default=1)
            @click.option("--secret", default="hidden-1", hide_input=True)
            def fit(rounds, secret):
                assert rounds == 3

            main()
            """,
        )
        values, origin = self.parameters(run_dir)
        self.assertEqual(values, {"lr": 0.1, "momentum": 0.9, "rounds": 3})
        self.assertEqual(origin, {"lr": "flag", "momentum": "default", "rounds": "flag"})

    def test_hydra(self):
        run_dir = self.make(
            """
            import hydra

            @hydra.main(config_path=".", config_name="config", version_base=None)
            def main(config):
                assert config.model.lr == 0.1 and config.twice == 0.2

            main()
            """,
            entrypoint={
                "kind": "script",
                "interpreter": self.python(),
                "script": "train.py",
                "arguments": ["model.lr=0.1", "+new=1"],
            },
        )
        with open(run_dir + "/work/config.yaml", "w") as file:
            file.write("model: {lr: 0.01, layers: [1, 2]}\ntwice: 0.2\nsame: ${model.lr}\n")
            file.write("missing: ???\njob: ${hydra:job.name}\n")
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        values, origin = self.parameters(run_dir)
        values.pop("job", None)
        self.assertEqual(values, {"model": {"lr": 0.1, "layers": [1, 2]}, "twice": 0.2, "same": 0.1, "new": 1})
        self.assertEqual({name for name in origin if origin[name] == "flag"}, {"model.lr", "new"})
        self.assertEqual([code for code in self.warnings(run_dir) if code.startswith("capture")], [])

    def test_absl_and_dataclasses(self):
        run_dir = self.run_with(
            ["--lr=0.1", "--rounds", "3", "--wide"],
            """
            import sys
            from absl import app, flags
            flags.DEFINE_float("lr", 0.01, "rate")
            flags.DEFINE_integer("rounds", 1, "rounds")
            flags.DEFINE_bool("wide", False, "wide")
            flags.DEFINE_string("style", "plain", "style")

            def main(argv):
                assert flags.FLAGS.lr == 0.1

            app.run(main)
            """,
        )
        values, origin = self.parameters(run_dir)
        self.assertEqual(values, {"lr": 0.1, "rounds": 3, "wide": True, "style": "plain"})
        self.assertEqual(origin, {"lr": "flag", "rounds": "flag", "wide": "flag", "style": "default"})

    def test_dataclasses_of_transformers(self):
        run_dir = self.run_with(
            ["--lr=0.1"],
            """
            import dataclasses
            from transformers import HfArgumentParser

            @dataclasses.dataclass
            class Settings:
                lr: float = 0.01
                layers: int = 2

            (settings,) = HfArgumentParser(Settings).parse_args_into_dataclasses()
            assert settings.lr == 0.1
            """,
        )
        values, origin = self.parameters(run_dir)
        self.assertEqual(values, {"lr": 0.1, "layers": 2})
        self.assertEqual(origin, {"lr": "flag", "layers": "default"})

    def test_installed_programs_are_none_of_the_scripts(self):
        run_dir = self.run_captured(
            "{}",
            entrypoint={"kind": "command", "argv": [self.python(), "-m", "json.tool", "--indent", "1", "train.py"]},
        )
        self.assertEqual(self.text(run_dir, "stdout.log"), "{}\n")
        self.assertEqual(self.events(run_dir), [])


del CommandLine

if __name__ == "__main__":
    unittest.main()
