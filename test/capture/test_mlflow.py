"""mlflow, old and new: its functions, its client, and autologging with scikit-learn."""

import unittest

from libraries import in_environments


@in_environments("new", "old")
class Mlflow:
    maxDiff = None

    def test_functions_client_and_autologging(self):
        run_dir = self.run_captured(
            """
            import mlflow
            from mlflow.entities import Metric, Param
            from mlflow.tracking import MlflowClient
            mlflow.set_experiment("digits")
            with mlflow.start_run(run_name="first try", tags={"team": "vision"}):
                mlflow.log_param("lr", 0.1)
                mlflow.log_params({"layers": 3, "optimizer": "sgd", "password": "hidden-1"})
                mlflow.set_tag("baseline", "")
                mlflow.set_tag("mlflow.note.content", "a note")
                for step in range(3):
                    mlflow.log_metric("loss", 1 / (step + 1), step=step)
                    mlflow.log_metrics({"val_loss": 0.5, "acc": step}, step)
                mlflow.log_metric("no step", 1)
                mlflow.log_metric("no step", 2)
                with mlflow.start_run(run_name="child", nested=True):
                    mlflow.log_metric("loss", 7, step=1)
                    mlflow.log_param("fold", 1)
                mlflow.log_metric("loss", 0.1, step=3)
            client = MlflowClient()
            own = client.create_run("0", run_name="by hand").info.run_id
            client.log_metric(own, "loss", 5, step=4)
            client.log_param(own, "lr", 0.3)
            client.log_batch(own, [Metric("batch", 1.5, 0, 2), Metric("system/cpu", 1, 0, 2)], [Param("depth", "4")])
            assert client.get_run(own).data.params == {"lr": "0.3", "depth": "4"}
            try:
                with mlflow.start_run():
                    mlflow.log_metric("bad", "text")
            except Exception as error:
                print(type(error).__name__)
            """,
            hyperparameters={"layers": 5},
        )
        self.assertEqual(
            self.metrics(run_dir),
            {
                ("training", "loss"): [(0, 1.0), (1, 0.5), (2, 1 / 3), (3, 0.1)],
                ("training", "acc"): [(0, 0), (1, 1), (2, 2)],
                ("validation", "val_loss"): [(0, 0.5), (1, 0.5), (2, 0.5)],
                ("training", "no step"): [(0, 1), (1, 2)],
                ("training", "child/loss"): [(1, 7)],
                ("training", "by hand/loss"): [(4, 5)],
                ("training", "by hand/batch"): [(2, 1.5)],
            },
        )
        values, origin = self.parameters(run_dir)
        self.assertEqual(
            values,
            {
                **{"layers": 5, "lr": 0.1, "optimizer": "sgd"},
                **{"child": {"fold": 1}, "by hand": {"lr": 0.3, "depth": 4}},
            },
        )
        self.assertEqual(origin["layers"], "configuration")
        about = self.events(run_dir, "captured")[-1]
        self.assertEqual((about["library"], about["name"], about["notes"]), ("mlflow", "first try", "a note"))
        self.assertEqual(about["labels"], ["team=vision", "baseline"])
        self.assertEqual([code for code in self.warnings(run_dir) if code.startswith("capture ")], [])

    def test_autologging(self):
        run_dir = self.run_captured(
            """
            import mlflow
            from sklearn.linear_model import LogisticRegression
            mlflow.sklearn.autolog(log_models=False)
            LogisticRegression(C=0.25).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
            """
        )
        found = self.metrics(run_dir)
        self.assertIn(("training", "training_accuracy_score"), found)
        self.assertEqual(self.parameters(run_dir)[0]["C"], 0.25)
        self.assertEqual([code for code in self.warnings(run_dir) if code.startswith("capture ")], [])


del Mlflow

if __name__ == "__main__":
    unittest.main()
