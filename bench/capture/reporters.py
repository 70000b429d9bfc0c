"""What the captured libraries are told in the benches: for each a function that makes a `report(step, value)`.

`prepare` imports the library, so that many processes can be forked that have it.
"""

import os


def _scalars_of(writer):
    return lambda step, value: writer.add_scalar("loss", value, step)


class TensorBoard:
    @staticmethod
    def prepare():
        import torch.utils.tensorboard  # noqa: F401

    @staticmethod
    def open(folder):
        from torch.utils.tensorboard import SummaryWriter

        return _scalars_of(SummaryWriter(folder))


class TensorBoardX:
    @staticmethod
    def prepare():
        import tensorboardX  # noqa: F401

    @staticmethod
    def open(folder):
        from tensorboardX import SummaryWriter

        return _scalars_of(SummaryWriter(folder))


class TfSummary:
    @staticmethod
    def prepare():
        import tensorflow  # noqa: F401

    @staticmethod
    def open(folder):
        import tensorflow as tf

        tf.summary.create_file_writer(folder).set_as_default()
        return lambda step, value: tf.summary.scalar("loss", value, step=step)


class Wandb:
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


class Lightning:
    """What self.log ends in, without a logger of its own."""

    @staticmethod
    def prepare():
        import lightning.pytorch  # noqa: F401

    @staticmethod
    def open(folder):
        import lightning.pytorch as pl

        trainer = pl.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu", default_root_dir=folder)
        return lambda step, value: trainer._logger_connector.log_metrics({"loss": value}, step)


class Transformers:
    @staticmethod
    def prepare():
        import transformers

        transformers.Trainer  # it is imported late

    @staticmethod
    def open(folder):
        import torch
        from transformers import PrinterCallback, Trainer, TrainingArguments

        arguments = TrainingArguments(output_dir=folder, report_to="none", disable_tqdm=True, use_cpu=True)
        trainer = Trainer(torch.nn.Linear(1, 1), arguments)
        trainer.remove_callback(PrinterCallback)

        def report(step, value):
            trainer.state.global_step = step
            trainer.log({"loss": value})

        return report


class Keras:
    """What fit() tells its callbacks at the end of each epoch of one batch."""

    @staticmethod
    def prepare():
        import keras  # noqa: F401

    @staticmethod
    def open(folder):
        import keras

        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        callbacks = keras.callbacks.CallbackList([], model=model, epochs=1, steps=1)

        def report(step, value):
            callbacks.on_epoch_begin(step)
            callbacks.on_epoch_end(step, {"loss": value})

        return report


class Csv:
    @staticmethod
    def prepare():
        import csv  # noqa: F401

    @staticmethod
    def open(folder):
        import csv

        os.makedirs(folder, exist_ok=True)
        writer = csv.writer(open(os.path.join(folder, "log.csv"), "w"))
        writer.writerow(["step", "loss"])
        return lambda step, value: writer.writerow([step, value])


REPORTERS = {
    "torch_tensorboard": TensorBoard,
    "tensorboardX": TensorBoardX,
    "tf_summary": TfSummary,
    "wandb": Wandb,
    "mlflow": Mlflow,
    "lightning": Lightning,
    "transformers": Transformers,
    "keras": Keras,
    "csv": Csv,
}
