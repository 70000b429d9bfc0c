"""tf.summary, of the writers that are open eagerly."""

import unittest

from libraries import Captured


class TensorFlow(Captured):
    environment = "tensorflow"
    maxDiff = None

    def test_scalars(self):
        run_dir = self.run_captured(
            """
            import tensorflow as tf
            from tensorboard.plugins.hparams import api as hp
            train, test = tf.summary.create_file_writer("logs/train"), tf.summary.create_file_writer("logs/test")
            for step in range(3):
                with train.as_default():
                    tf.summary.scalar("loss", tf.constant(1 / (step + 1)), step=step)
                    with tf.name_scope("deep"):
                        tf.summary.scalar("loss", 0.5, step=tf.constant(step, tf.int64))
                with test.as_default(step=step * 10):
                    tf.summary.scalar("loss", 2.0)
            with train.as_default():
                hp.hparams({hp.HParam("lr"): 0.1, "units": 16})
                tf.summary.text("text", "words", step=1)
                tf.summary.histogram("many", [1.0, 2.0], step=1)
                with tf.summary.record_if(False):
                    tf.summary.scalar("not recorded", 1, step=1)
                @tf.function
                def compiled(x):
                    tf.summary.scalar("inside", x, step=1)
                    return x * 2
                compiled(tf.constant(1.0))
            tf.summary.scalar("no writer", 1, step=1)
            """
        )
        metrics = self.metrics(run_dir)
        found = {key: [(step, round(value, 6)) for step, value in points] for key, points in metrics.items()}
        self.assertEqual(
            found,
            {
                ("training", "loss"): [(0, 1.0), (1, 0.5), (2, 0.333333)],
                ("training", "deep/loss"): [(0, 0.5), (1, 0.5), (2, 0.5)],
                ("validation", "test/loss"): [(0, 2.0), (10, 2.0), (20, 2.0)],
            },
        )
        self.assertEqual(self.parameters(run_dir)[0], {"lr": 0.1, "units": 16})
        self.assertEqual(list(self.warnings(run_dir)), ["capture_tf_function"])
        (about,) = self.events(run_dir, "captured")
        self.assertEqual(about["library"], "tf.summary")


if __name__ == "__main__":
    unittest.main()
