"""Metrics out of output: what counts, what does not, and that no output can do harm."""

import os
import unittest

from support import Pool

from trainyard.supervising.output_metrics import OutputMetrics, group_of, parse_line


def feed(*pieces):
    reader = OutputMetrics()
    found = []
    for piece in pieces:
        found += reader.feed(piece)
    return found + reader.finish()


class Lines(unittest.TestCase):
    def test_what_counts(self):
        cases = {
            '{"epoch": 3, "loss": 0.25, "name": "x", "ok": true}': (3, {"loss": 0.25}),
            "{'loss': 2.1, 'learning_rate': 5e-05, 'epoch': 0.5}": (0.5, {"loss": 2.1, "learning_rate": 5e-05}),
            "step=300 lr=1e-3 loss=0.21": (300, {"lr": 0.001, "loss": 0.21}),
            "Epoch 3/10 - loss: 0.21 - val_loss: 0.3": (3, {"loss": 0.21, "val_loss": 0.3}),
            "[epoch 2] Train Loss: 0.5 | val loss: nan": (2, {"train_loss": 0.5, "val_loss": float("nan")}),
            "Train Epoch: 1 [0/60000 (0%)]\tLoss: 2.300": (1, {"Loss": 2.3}),
            "INFO:root:epoch: 1, global_step: 40, acc: 93.5%": (40, {"acc": 93.5}),
            "iter 7: loss=-.5, mse=inf": (7, {"loss": -0.5, "mse": float("inf")}),
        }
        for line, expected in cases.items():
            with self.subTest(line):
                self.assertEqual(repr(parse_line(line)), repr(expected))  # repr: NaN is not equal to itself

    def test_what_does_not(self):
        for line in [
            "loss: 0.5",
            "epochs=10 lr=0.1",
            "step 5 took 30ms: time=30ms",
            "Epoch 3",
            "next steps: 1. read",
            '{"loss": 0.5}',
            "{'epoch': __import__('os')}",
            "{" * 5000 + "epoch",
            "step=%s loss=0.5" % ("7" * 400),
            '{"step": %s, "loss": 0.5}' % ("7" * 400),
            '{"step": 1e999, "loss": 0.5}',
            "see http://host:8080/step/3?x=y",
        ]:
            with self.subTest(line[:40]):
                self.assertIsNone(parse_line(line))

    def test_groups(self):
        self.assertEqual([group_of(name) for name in ("val_loss", "eval/acc", "test loss", "loss", "interval", "value")],
                         ["validation"] * 3 + ["training"] * 3)  # fmt: skip


class Streams(unittest.TestCase):
    def test_pieces_of_lines(self):
        whole = b"step=1 loss=0.5\nhello\r\nstep=2 loss=0.25 val_loss=1\n"
        for cut in range(len(whole)):
            self.assertEqual(
                feed(whole[:cut], whole[cut:]),
                [("training", 1, {"loss": 0.5}), ("training", 2, {"loss": 0.25}), ("validation", 2, {"val_loss": 1.0})],
            )

    def test_what_is_found_does_not_depend_on_the_pieces(self):
        whole = b"step=1 loss=1\r\nstep=1 acc=1\n\rstep=2 loss=1\rstep=2 loss=2\r\n" + b"x" * 16384 + b"\r\nstep=3 a=1\r"
        expected = feed(whole)
        self.assertEqual([step for _, step, _ in expected], [1, 1, 2, 3])
        for size in (1, 2, 3, 7, 16385):
            pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
            self.assertEqual(feed(*pieces), expected, size)
        for cut in range(len(whole)):
            self.assertEqual(feed(whole[:cut], whole[cut:]), expected, cut)

    def test_a_progress_bar_counts_once_a_step(self):
        bar = b"".join(b"\rEpoch 1: %d/100 [loss=%.2f]" % (i, 1 - i / 100) for i in range(100))
        bar += b"\rEpoch 2: 1/100 [loss=0.5]\rEpoch 2: 2/100 [loss=0.4]\n"
        self.assertEqual(feed(bar), [("training", 1, {"loss": 0.01}), ("training", 2, {"loss": 0.4})])

    def test_a_last_line_without_its_end(self):
        self.assertEqual(feed(b"epoch=1 acc=1"), [("training", 1, {"acc": 1.0})])

    def test_binary_and_endless_lines(self):
        self.assertEqual(feed(bytes(range(256)) * 4096, b"\x00step=1 loss=2\n"), [])
        endless = [b"step=1 loss=0.5 " * 65536] * 100  # 100 MB without a newline
        self.assertEqual(feed(*endless, b"\nstep=2 loss=1\n"), [("training", 2, {"loss": 1.0})])
        self.assertEqual(feed(b"x" * 20_000, b" step=1 loss=1\nstep=2 loss=1\n"), [("training", 2, {"loss": 1.0})])
        reader = OutputMetrics()
        for piece in endless[:3]:
            reader.feed(piece)
        self.assertEqual(reader._rest, b"")

    def test_ever_new_names_are_bounded(self):
        found = feed(b"".join(b"step=1 name%d=1\n" % i for i in range(1000)))
        self.assertEqual(len(found), 200)


class InARun(Pool):
    def test_output_becomes_metrics_with_its_own_writer(self):
        run_dir, _ = self.run_script("for i in range(3): print(f'epoch {i}: loss={1 / (i + 1)} val_loss={i}')")
        events = self.events(run_dir, "metrics", "output")
        self.assertEqual([event["seq"] for event in events], [1, 2, 3, 4, 5, 6])
        self.assertEqual([event["values"] for event in events if event["group"] == "validation"],
                         [{"val_loss": 0.0}, {"val_loss": 1.0}, {"val_loss": 2.0}])  # fmt: skip

    def test_not_when_the_script_reports_itself(self):
        script = """
            import time, trainyard
            trainyard.report(1, loss=0.5)
            print("step=1 loss=0.5")
            trainyard.report(2, loss=0.4)
            time.sleep(0.8)  # long enough to be looked at while it runs, too
        """
        run_dir, _ = self.run_script(script)
        self.assertEqual(self.events(run_dir, "metrics", "output"), [])
        self.assertEqual(len(self.events(run_dir, "metrics", "harness")), 2)

    def test_not_when_it_is_switched_off(self):
        run_dir, _ = self.run_script("print('step=1 loss=0.5')", outputMetrics=False)
        self.assertEqual(self.events(run_dir, "metrics"), [])

    def test_a_hundred_megabytes_and_binary(self):
        script = """
            import os
            os.write(1, bytes(range(256)) * 400)
            for _ in range(100):
                os.write(1, b"step=1 loss=1 " * 75000)
            print("\\nstep=5 loss=0.5", flush=True)
        """
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["code"], 0)
        self.assertGreater(os.path.getsize(os.path.join(run_dir, "stdout.log")), 100_000_000)
        self.assertEqual([e["values"] for e in self.events(run_dir, "metrics")], [{"loss": 0.5}])
        self.assertFalse(os.path.exists(os.path.join(run_dir, "supervisor.log")))


if __name__ == "__main__":
    unittest.main()
