"""accelerate's trackers, and tensorboardX, old and new."""

import unittest

from libraries import in_environments


@in_environments("new", "old")
class Accelerate:
    maxDiff = None

    def test_what_is_logged_counts_once(self):
        run_dir = self.run_captured(
            """
            import torch
            from accelerate import Accelerator
            accelerator = Accelerator(log_with="wandb", project_dir=".")
            about = {"name": "first try", "tags": ["small"]}
            accelerator.init_trackers("p", config={"lr": 0.1}, init_kwargs={"wandb": about})
            for step in range(3):
                accelerator.log({"loss": torch.tensor(1 / (step + 1)), "text": "a"}, step=step)
            accelerator.log({"last": 1})
            accelerator.get_tracker("wandb", unwrap=True).log({"own": 5})
            accelerator.end_training()
            """,
            environment={"WANDB_DIR": self.pool, "HOME": self.pool},
        )
        found = self.metrics(run_dir)
        self.assertEqual([step for step, _ in found["training", "loss"]], [0, 1, 2])
        self.assertEqual(found["training", "last"], [(0, 1)])
        self.assertEqual(found["training", "own"][0][1], 5)
        self.assertEqual(self.parameters(run_dir), ({"lr": 0.1}, {"lr": "captured"}))
        about = {event["library"]: event for event in self.events(run_dir, "captured")}
        self.assertEqual((about["accelerate"]["name"], about["accelerate"]["labels"]), ("first try", ["small"]))
        self.assertEqual([code for code in self.warnings(run_dir) if code.startswith("capture ")], [])

    def test_without_a_tracker(self):
        run_dir = self.run_captured(
            """
            from accelerate import Accelerator
            accelerator = Accelerator()
            accelerator.init_trackers("p", {"lr": 0.1})
            accelerator.log({"loss": 0.5}, step=3)
            """
        )
        self.assertEqual(self.metrics(run_dir), {("training", "loss"): [(3, 0.5)]})
        self.assertEqual(self.parameters(run_dir)[0], {"lr": 0.1})


@in_environments("new", "old")
class TensorBoardX:
    maxDiff = None

    def test_all_of_it(self):
        run_dir = self.make(
            """
            import os, signal
            from tensorboardX import SummaryWriter
            writer = SummaryWriter("logs/train")
            for step in range(60):
                writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalar(tag="named", scalar_value=0.5, global_step=70)
            writer.add_scalars("both", {"a": 1, "b": float("inf")}, 3)
            writer.add_scalar("no step", 1)
            writer.add_scalar("no step", 2)
            writer.add_hparams({"lr": 0.1}, {"hparam/accuracy": 0.9})
            SummaryWriter("logs/val").add_scalar("loss", 0.25, 1)
            SummaryWriter("logs/train").add_scalar("loss", 0.01, 60)
            os.kill(os.getpid(), signal.SIGKILL)
            """
        )
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["signal"], "SIGKILL")
        self.assertEqual(
            self.metrics(run_dir),
            {
                ("training", "loss"): [(step, 1 / (step + 1)) for step in range(60)] + [(60, 0.01)],
                ("training", "named"): [(70, 0.5)],
                ("training", "both/a"): [(3, 1)],
                ("training", "both/b"): [(3, "Infinity")],
                ("training", "no step"): [(0, 1), (1, 2)],
                ("training", "hparam/accuracy"): [(0, 0.9)],
                ("validation", "val/loss"): [(1, 0.25)],
            },
        )
        self.assertEqual(self.parameters(run_dir), ({"lr": 0.1}, {"lr": "captured"}))
        (about,) = self.events(run_dir, "captured")
        self.assertEqual(about["library"], "tensorboardX")


del Accelerate, TensorBoardX

if __name__ == "__main__":
    unittest.main()
