"""What the captured libraries are told in the benches: for each a function that makes a `report(step, value)`.

`prepare` imports the library, so that many processes can be forked that have it.
"""

import os


class TensorBoard:
    environment = "new"

    @staticmethod
    def prepare():
        import torch.utils.tensorboard  # noqa: F401

    @staticmethod
    def open(folder):
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(folder)
        return lambda step, value: writer.add_scalar("loss", value, step)


class TensorBoardX:
    environment = "new"

    @staticmethod
    def prepare():
        import tensorboardX  # noqa: F401

    @staticmethod
    def open(folder):
        from tensorboardX import SummaryWriter

        writer = SummaryWriter(folder)
        return lambda step, value: writer.add_scalar("loss", value, step)


class TfSummary:
    environment = "tensorflow"

    @staticmethod
    def prepare():
        import tensorflow  # noqa: F401

    @staticmethod
    def open(folder):
        import tensorflow as tf

        tf.summary.create_file_writer(folder).set_as_default()
        return lambda step, value: tf.summary.scalar("loss", value, step=step)


class Wandb:
    environment = "new"

    @staticmethod
    def prepare():
        os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
        import wandb  # noqa: F401

    @staticmethod
    def open(folder):
        import wandb

        run = wandb.init(dir=folder, project="bench")
        return lambda step, value: run.log({"loss": value}, step=step)


class Mlflow:
    environment = "new"

    @staticmethod
    def prepare():
        os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", GIT_PYTHON_REFRESH="quiet")
        import mlflow  # noqa: F401

    @staticmethod
    def open(folder):
        import mlflow

        mlflow.set_tracking_uri("file://" + folder)
        mlflow.start_run()
        return lambda step, value: mlflow.log_metric("loss", value, step=step)


REPORTERS = {
    "torch_tensorboard": TensorBoard,
    "tensorboardX": TensorBoardX,
    "tf_summary": TfSummary,
    "wandb": Wandb,
    "mlflow": Mlflow,
}
