"""context.searcher: the lengths of before 0.38, and what a search hears of them."""

import os

from determined_runs import DeterminedRuns

OPERATIONS = """
import determined as det
with det.core.init() as core:
    batch = 0
    for op in core.searcher.operations():
        while batch < op.length:
            batch += 1
        core.train.report_validation_metrics(batch * SCALE, {"loss": 1 / batch})
        op.report_completed(1 / batch)
        print("op", op.length, flush=True)
    print("units", core.searcher.get_configured_units(), flush=True)
"""


def searcher(**changes):
    return {"searcher": {"name": "single", "metric": "loss", "smaller_is_better": True, **changes}}


class Searches(DeterminedRuns):
    def lengths(self, run_dir):
        words = self.text(run_dir, "stdout.log").split()
        return [int(words[i + 1]) for i, word in enumerate(words) if word == "op"]

    def test_one_operation_of_max_length(self):
        script = OPERATIONS.replace("SCALE", "1")
        run_dir = self.run_determined(script, configuration=searcher(max_length=20))
        self.assertEqual(self.lengths(run_dir), [20])
        # Reported once: the script's own report says it all.
        self.assertEqual(self.metrics(run_dir), {("validation", "loss"): [(20, 0.05)]})
        self.assertEqual(self.events(run_dir, "progress")[-1]["fraction"], 1)
        # Another attempt has nothing left to do.
        again = self.run_determined(script, name="1.1.2", attempt=2, configuration=searcher(max_length=20))
        self.assertEqual(self.lengths(again), [])

    def test_each_rung_where_trials_are_compared(self):
        run_dir = self.run_determined(
            OPERATIONS.replace("SCALE", "10"),
            configuration=searcher(name="async_halving", num_rungs=3, max_length={"epochs": 16}, divisor=4),
        )
        self.assertEqual(self.lengths(run_dir), [1, 4, 16])
        self.assertIn("units Unit.EPOCHS", self.text(run_dir, "stdout.log"))
        found = self.metrics(run_dir)
        # The search compares by epochs, which the script's own reports do not have.
        self.assertEqual(found["validation", "epochs"], [(10, 1), (40, 4), (160, 16)])

    def test_asked_to_stop_at_a_rung(self):
        run_dir = self.make(
            OPERATIONS.replace("SCALE", "1").replace('print("op"', 'import os, time\n        while op.length == 4 and not '
            'os.path.exists("go"): time.sleep(0.01)\n        print("op"'),
            configuration=searcher(name="async_halving", num_rungs=3, max_length={"batches": 16}, divisor=4),
        )  # fmt: skip
        self.start(run_dir)
        self.say(run_dir, "op 1")
        self.control(run_dir, 1, "stop")
        with open(os.path.join(run_dir, "work", "go"), "w"):
            pass
        ended = self.finish(run_dir)
        self.assertEqual((ended["code"], ended["acknowledged"]["action"]), (0, "stop"))
        self.assertNotIn(16, self.lengths(run_dir))

    def test_what_an_operation_refuses(self):
        run_dir = self.run_determined(
            """
            import determined as det
            from determined.core import SearcherMode
            with det.core.init() as core:
                op = next(core.searcher.operations())
                op.report_progress(5)
                op.report_completed(1.0)
                for again in (lambda: op.report_completed(1.0), lambda: op.report_progress(6)):
                    try:
                        again()
                    except RuntimeError:
                        print("refused", flush=True)
                try:
                    for op in core.searcher.operations():
                        pass
                except RuntimeError as error:
                    print("refused", error)
            """,
            configuration=searcher(name="adaptive_asha", max_trials=4, max_length={"records": 1000}),
        )
        self.assertEqual(self.text(run_dir, "stdout.log").count("refused"), 3)
        # 1000/4^4 is the first rung of five.
        self.assertEqual(self.metrics(run_dir)["validation", "records"], [(0, 3)])
