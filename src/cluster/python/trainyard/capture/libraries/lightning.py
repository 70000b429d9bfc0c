"""Lightning (`lightning.pytorch` and `pytorch_lightning`): what self.log gave its loggers, hyperparameters, progress.

A metric's step is trainer.global_step, as in Lightning's own checkpoints; with loggers or without, as often as they are told
(log_every_n_steps). `epoch`, which Lightning adds for its loggers, is left out.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from .. import sink
from ..wrap import after, argument, beside

SOURCE = "lightning"
PROGRESS_EVERY_S = 1.0
_next_progress = 0.0


def wrap_logger_connector(module: Any) -> None:
    after(module._LoggerConnector, "log_metrics", SOURCE, _metrics)


def wrap_trainer(module: Any) -> None:
    # Its TensorBoardLogger would tell a metric hp_metric = -1.
    after(module, "_log_hyperparams", SOURCE, _hyperparameters)


def wrap_epoch_loop(module: Any) -> None:
    beside(module._TrainingEpochLoop, "on_advance_end", SOURCE, _progress)


def _metrics(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, metrics, step=None)
    trainer = args[0].trainer
    metrics = argument(args, kwargs, 1, "metrics")
    if not metrics or not trainer.is_global_zero:
        return  # as its own loggers
    if trainer.loggers and all(type(logger).__name__ == "DummyLogger" for logger in trainer.loggers):
        return  # it tries things out: a learning rate, a batch size
    step = argument(args, kwargs, 2, "step")
    stage = trainer.state.stage
    group = "validation" if stage is not None and stage.evaluating else None
    # The script's own "step" is an x axis for its loggers; ours is one for all metrics and checkpoints.
    values = {name: value for name, value in metrics.items() if name not in ("step", "epoch")}
    sink.scalars(SOURCE, values, int(trainer.global_step if step is None else step), group)


def _hyperparameters(result: Any, args: tuple, kwargs: dict) -> None:
    trainer = args[0]
    if not trainer.is_global_zero:
        return
    sink.library(SOURCE, sink.version_of(type(trainer).__module__.partition(".")[0]))
    for owner in (trainer.lightning_module, trainer.datamodule):
        if owner is not None and owner._log_hyperparams:
            values = {str(name): value for name, value in owner.hparams_initial.items() if name != "_class_path"}
            sink.parameters(SOURCE, values)


def _progress(result: Any, args: tuple, kwargs: dict) -> None:
    global _next_progress
    trainer = args[0].trainer
    sink.step = trainer.global_step
    now = monotonic()
    if now < _next_progress:
        return
    _next_progress = now + PROGRESS_EVERY_S
    fraction = _fraction_done(trainer) if trainer.is_global_zero else None
    if fraction is not None:
        sink.progress(fraction)


def _fraction_done(trainer: Any) -> float | None:
    """Of the steps or the epochs, whichever end sooner; None for a training without an end."""
    found = []
    if trainer.max_steps > 0:
        found.append(trainer.global_step / trainer.max_steps)
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        batches = trainer.num_training_batches
        of_epoch = (trainer.fit_loop.batch_idx + 1) / batches if 0 < batches < float("inf") else 0
        found.append((trainer.current_epoch + of_epoch) / trainer.max_epochs)
    return max(found) if found else None
