"""determined.keras.DeterminedCallback: metrics, checkpoints and stop of model.fit(), by det.core."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, Optional, Union

import determined as det

from ..core import Context

keras: Any = sys.modules.get("keras")
if keras is None:
    try:
        from tensorflow import keras
    except ImportError:
        import keras  # type: ignore[no-redef]


class DeterminedCallback(keras.callbacks.Callback):
    """Pass it to model.fit(). `checkpoint`: det.get_cluster_info().latest_checkpoint. A checkpoint of the same `continue_id`
    (the trial, unless it is said) is continued, so that fit()'s `epochs` are those of the whole trial; of another one the
    weights are taken. `train_metrics_report_period`: "epoch", or a number of batches."""

    def __init__(
        self, core_context: Context, checkpoint: Optional[str] = None, continue_id: Union[str, int, None] = None, *,
        train_metrics_report_period: Union[str, int] = "epoch", checkpoint_epochs: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        info = det.get_cluster_info()
        assert info is not None
        self._core = core_context
        core_context.looks_after_itself()
        self._checkpoint = checkpoint
        self._continue_id = info.trial.trial_id if continue_id is None else continue_id
        self._period = train_metrics_report_period
        self._checkpoint_epochs = checkpoint_epochs
        self._epochs = 0
        self._steps = 0
        self._stored_at = -1

    def on_train_begin(self, logs: Optional[Dict] = None) -> None:
        if self._checkpoint is None:
            return
        metadata = self._core.checkpoint.get_metadata(self._checkpoint)
        continues = metadata.get("continue_id") == self._continue_id
        with self._core.checkpoint.restore_path(self._checkpoint) as path:
            if not self.model.built:
                _build(self.model, path / "build.json")
            self.model.load_weights(str(path / "model.weights.h5"))
            if continues:
                _restore_optimizer(self.model, path / "optimizer.npz")
        if continues:
            self._epochs, self._steps = metadata["epochs_completed"], metadata["steps_completed"]
            self._stored_at = self._steps
        self._checkpoint = None  # of the first fit()

    def on_train_batch_end(self, batch: int, logs: Optional[Dict] = None) -> None:
        self._steps += 1
        if self._period != "epoch" and self._steps % int(self._period) == 0:
            self._report("training", logs)

    def on_epoch_end(self, epoch: int, logs: Optional[Dict] = None) -> None:
        self._epochs += 1
        logs = logs or {}
        validation = {name: value for name, value in logs.items() if name.startswith("val_")}
        if self._period == "epoch":
            self._report("training", {name: value for name, value in logs.items() if name not in validation})
        if validation:
            self._report("validation", validation)
        total = self.params.get("epochs") or self._epochs
        if self._is_chief():
            self._core.train.report_progress(min(1.0, self._epochs / total))
        is_asked = self._core.preempt.should_preempt()
        if is_asked or self._epochs >= total:
            self.model.stop_training = True
        if is_asked or (self._checkpoint_epochs and self._epochs % self._checkpoint_epochs == 0):
            self._store()

    def on_train_end(self, logs: Optional[Dict] = None) -> None:
        self._store()

    def _report(self, group: str, logs: Optional[Dict]) -> None:
        if logs and self._is_chief():
            lengths = {"batches": self._steps, "epochs": self._epochs}
            self._core.train.report_metrics(group, self._steps, {**logs, **lengths})

    def _store(self) -> None:
        if self._stored_at == self._steps or not self._is_chief():
            return
        self._stored_at = self._steps
        metadata = {
            "steps_completed": self._steps, "epochs_completed": self._epochs, "continue_id": self._continue_id,
        }  # fmt: skip
        with self._core.checkpoint.store_path(metadata) as (path, _):
            self.model.save_weights(str(path / "model.weights.h5"))
            _save_optimizer(self.model, path / "optimizer.npz")
            _save_build(self.model, path / "build.json")

    def _is_chief(self) -> bool:
        return self._core.distributed.rank == 0


def _save_build(model: Any, path: Any) -> None:
    """The shapes by which a model that has no Input layer was built."""
    config = model.get_build_config() if hasattr(model, "get_build_config") else None
    if config:
        path.write_text(json.dumps(config))


def _build(model: Any, path: Any) -> None:
    try:
        model.build_from_config(json.loads(path.read_text()))
    except Exception as error:
        raise RuntimeError(
            "the model has no weights yet for those of the checkpoint: begin it with keras.Input(...), or call model.build(shape) "
            "before model.fit()"
        ) from error


def _optimizer_variables(model: Any) -> list:
    found = model.optimizer.variables
    return list(found() if callable(found) else found)


def _save_optimizer(model: Any, path: Any) -> None:
    import numpy

    numpy.savez(path, *[_array(variable) for variable in _optimizer_variables(model)])


def _restore_optimizer(model: Any, path: Any) -> None:
    import numpy

    if hasattr(model.optimizer, "build"):
        model.optimizer.build(model.trainable_variables)
    with numpy.load(path) as saved:
        for variable, name in zip(_optimizer_variables(model), saved.files):
            variable.assign(saved[name])


def _array(variable: Any) -> Any:
    return keras.ops.convert_to_numpy(variable) if hasattr(keras, "ops") else variable.numpy()
