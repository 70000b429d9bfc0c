"""torch.utils.tensorboard, old and new."""

import unittest

from libraries import in_environments


@in_environments("new", "old")
class TensorBoard:
    def test_scalars_are_copied_as_they_are_added(self):
        run_dir = self.run_captured(
            """
            from torch.utils.tensorboard import SummaryWriter
            writer = SummaryWriter("logs")
            for step in range(5):
                writer.add_scalar("loss/train", 1 / (step + 1), step)
                writer.add_scalar(tag="loss/val", scalar_value=0.5, global_step=step * 10)
            writer.add_scalars("both", {"a": 1, "b": float("nan")}, 3)
            writer.add_scalar("no step", 1)
            writer.add_scalar("no step", 2)
            """
        )
        found = self.metrics(run_dir)
        self.assertEqual(found["training", "loss/train"], [(step, 1 / (step + 1)) for step in range(5)])
        self.assertEqual(found["validation", "loss/val"], [(step * 10, 0.5) for step in range(5)])
        self.assertEqual(found["training", "both/a"], [(3, 1)])
        self.assertEqual(found["training", "both/b"], [(3, "NaN")])
        self.assertEqual(found["training", "no step"], [(0, 1), (1, 2)])
        (about,) = self.events(run_dir, "captured")
        self.assertEqual(about["library"], "torch.utils.tensorboard")

    def test_writers_of_several_folders_are_told_apart(self):
        run_dir = self.run_captured(
            """
            from torch.utils.tensorboard import SummaryWriter
            for fold in (1, 2):
                for part in ("val", "train"):
                    SummaryWriter("logs/%d/%s" % (fold, part)).add_scalar("loss", fold, 1)
            SummaryWriter("logs/1/train").add_scalar("loss", 5, 2)
            """
        )
        self.assertEqual(
            self.metrics(run_dir),
            {
                ("validation", "val/loss"): [(1, 1)],
                ("training", "train/loss"): [(1, 1), (2, 5)],
                ("validation", "2/val/loss"): [(1, 2)],
                ("training", "2/train/loss"): [(1, 2)],
            },
        )

    def test_hyperparameters(self):
        run_dir = self.run_captured(
            """
            from torch.utils.tensorboard import SummaryWriter
            SummaryWriter("logs").add_hparams({"lr": 0.1, "optimizer": "sgd"}, {"hparam/accuracy": 0.9})
            """,
            hyperparameters={"lr": 0.5},
        )
        values, origin = self.parameters(run_dir)
        self.assertEqual(values, {"lr": 0.5, "optimizer": "sgd"})
        self.assertEqual(origin, {"lr": "configuration", "optimizer": "captured"})
        self.assertEqual(self.metrics(run_dir), {("training", "hparam/accuracy"): [(0, 0.9)]})

    def test_odd_names_and_values(self):
        run_dir = self.run_captured(
            """
            import numpy, torch
            from torch.utils.tensorboard import SummaryWriter
            writer = SummaryWriter("logs")
            writer.add_scalar('quotes " and\\nnewline \\U0001f600', torch.tensor(2.0), 1)
            writer.add_scalar("n" * 400, numpy.float32(0.5), 1)
            writer.add_scalar("back", 1, 10)
            writer.add_scalar("back", 2, 4)
            """
        )
        found = self.metrics(run_dir)
        self.assertEqual(found["training", 'quotes " and newline \U0001f600'], [(1, 2.0)])
        self.assertEqual(found["training", "n" * 250], [(1, 0.5)])
        self.assertEqual(found["training", "back"], [(10, 1), (4, 2)])

    def test_can_be_switched_off(self):
        run_dir = self.run_captured(
            """
            import sys
            from torch.utils.tensorboard import SummaryWriter
            SummaryWriter("logs").add_scalar("loss", 1, 1)
            assert "trainyard" not in sys.modules
            """,
            capture=[],
        )
        self.assertEqual(self.events(run_dir, "metrics"), [])


del TensorBoard  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
