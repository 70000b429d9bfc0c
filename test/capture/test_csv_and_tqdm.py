"""Logs that are written with csv, and tqdm's bars as progress."""

import unittest

from libraries import in_environments


@in_environments("new", "old")
class CsvAndTqdm:
    maxDiff = None

    def test_csv(self):
        run_dir = self.run_captured(
            """
            import csv, io, os, tempfile
            with open("log.csv", "w", newline="") as file:
                writer = csv.DictWriter(file, ["epoch", "loss", "val_loss", "note"])
                writer.writeheader()
                for epoch in range(3):
                    loss = "%.3f" % (1 / (epoch + 1))
                    writer.writerow({"epoch": epoch, "loss": loss, "val_loss": 0.5, "note": "fine"})
            with open("log.csv", "a", newline="") as file:  # goes on where it ended
                csv.DictWriter(file, ["epoch", "loss", "val_loss", "note"]).writerow({"epoch": 3, "loss": 0.2})
            assert len(open("log.csv").readlines()) == 5
            with open("phases.csv", "w") as file:
                writer = csv.writer(file, delimiter=";")
                writer.writerow(["step", "phase", "accuracy"])
                writer.writerows([step, phase, step / 10] for step in range(2) for phase in ("train", "val"))
                writer.writerow(["text", "train", "x" * 1000])
                writer.writerow([])
                assert writer.dialect.delimiter == ";"
            for epoch in (1, 2, 3):  # the whole history, each time
                with open("history.csv", "w") as file:
                    csv.writer(file).writerows([["epoch", "speed"]] + [[each, each * 2] for each in range(epoch)])
            class Kept:
                make = csv.writer
            assert Kept().make(io.StringIO()).writerow(["a"]) == 3
            with open("data.csv", "w") as file:
                writer = csv.writer(file)
                writer.writerows([["name", "value"], ["a", 1], ["b", 2]])
            with tempfile.NamedTemporaryFile("w") as file:
                csv.writer(file).writerows([["step", "elsewhere"], [1, 2]])
            memory = io.StringIO()
            csv.writer(memory).writerows([["step", "memory"], [1, 2]])
            assert memory.getvalue() == "step,memory\\r\\n1,2\\r\\n"
            with open("bad.csv", "w") as file:
                for bad in (None, 3):
                    try:
                        csv.writer(file).writerow(bad)
                    except csv.Error:
                        continue
                    raise AssertionError(bad)
            """
        )
        self.assertEqual(
            self.metrics(run_dir),
            {
                ("training", "loss"): [(0, 1.0), (1, 0.5), (2, 0.333), (3, 0.2)],
                ("validation", "val_loss"): [(0, 0.5), (1, 0.5), (2, 0.5)],
                ("training", "history/speed"): [(0, 0), (1, 2), (2, 4)],
                ("training", "phases/train/accuracy"): [(0, 0.0), (1, 0.1)],
                ("validation", "phases/val/accuracy"): [(0, 0.0), (1, 0.1)],
            },
        )
        self.assertEqual(self.warnings(run_dir), {})

    def test_the_outermost_bar_is_the_progress(self):
        run_dir = self.run_captured(
            """
            import multiprocessing
            from tqdm.auto import tqdm
            from trainyard.capture.libraries import tqdm as captured
            captured.YOUNG_S = captured.EVERY_S = 0

            def work():
                for item in tqdm(range(7), mininterval=0):
                    pass

            def main():
                for epoch in tqdm(range(4), mininterval=0):
                    for batch in tqdm(range(3), leave=False, mininterval=0):
                        pass
                for item in tqdm(iter(range(10))):  # no total
                    pass
                with tqdm(total=1000, unit="B", unit_scale=True) as bar:
                    bar.update(1000)
                for epoch in (1, 2):
                    with tqdm(total=2, desc="Epoch %d/2" % epoch, mininterval=0) as bar:
                        bar.update()
                        bar.update()
                for item in tqdm(range(5), disable=True):
                    pass
                for kind in ("fork", "spawn"):
                    worker = multiprocessing.get_context(kind).Process(target=work)
                    worker.start()
                    worker.join()
                    assert worker.exitcode == 0

            if __name__ == "__main__":
                main()
            """
        )
        told = [event["fraction"] for event in self.events(run_dir, "progress")]
        self.assertEqual(set(told) & {done / 7 for done in range(1, 7)}, set())  # of the workers
        self.assertEqual(told[:4], [0.25, 0.5, 0.75, 1.0])
        self.assertEqual(sorted(set(told[5:])), [0.25, 0.5, 0.75, 1.0])
        self.assertEqual(told[-1], 1.0)
        self.assertEqual(self.warnings(run_dir), {})

    def test_bars_are_told_some_times_a_second(self):
        run_dir = self.run_captured(
            """
            import time
            from tqdm import tqdm
            import trainyard
            with tqdm(total=400) as bar:
                for step in range(400):
                    bar.update(1)
                    time.sleep(0.01)
            for item in tqdm(range(100)):  # over in a moment
                pass
            trainyard.progress(0.25)
            from trainyard.capture.libraries import tqdm as captured
            captured.YOUNG_S = 0
            for item in tqdm(range(2), mininterval=0):
                pass
            """
        )
        told = [event["fraction"] for event in self.events(run_dir, "progress")]
        self.assertEqual(told.pop(), 0.25)  # what the script says itself counts, and no bar any more
        self.assertTrue(1 < len(told) < 20, told)
        self.assertEqual(told, sorted(told))
        self.assertEqual(told[-1], 1.0)


del CsvAndTqdm

if __name__ == "__main__":
    unittest.main()
