"""Lightning's own state: what it saves is captured, fit() goes on from what was put back, and leaves when the pool asks."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import zipfile
from typing import Any

from .. import sink, trainings
from ..install import parts
from ..saves import after_save
from ..working import working_directory
from ..wrap import argument, beside

SOURCE = "lightning"
FILE = "trainyard.ckpt"
"""Saved when the pool asks to leave, in the working directory."""
MAX_PICKLE_BYTES = 64 * 1024 * 1024


class _Left(BaseException):
    """The checkpoint is saved: out of the loops, past the script's `except Exception`, to _fit_impl."""


def wrap_checkpoint_io(module: Any) -> None:
    """What writes the file, in a thread of its own with AsyncCheckpointIO."""
    after_save(module.TorchCheckpointIO, "save_checkpoint", SOURCE, _target, _about)


def _target(args: tuple, kwargs: dict) -> Any:
    return argument(args, kwargs, 2, "path")


def _about(args: tuple, kwargs: dict) -> tuple:
    checkpoint = argument(args, kwargs, 1, "checkpoint")
    if not isinstance(checkpoint, dict) or "global_step" not in checkpoint:
        return None, None  # Fabric saves what it is given
    about = {trainings.MARK: trainings.number, "epoch": checkpoint.get("epoch")}
    monitored = {}
    for state in (checkpoint.get("callbacks") or {}).values():
        if isinstance(state, dict) and state.get("monitor") and state.get("current_score") is not None:
            monitored[state["monitor"]] = float(state["current_score"])
    if monitored:
        about["monitored"] = monitored
    return checkpoint["global_step"], about


def wrap_resume(module: Any) -> None:
    own = module.Trainer.fit
    takes = inspect.signature(own).parameters

    @functools.wraps(own)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            trainings.begin()
            # (model, train_dataloaders, val_dataloaders, datamodule, ckpt_path)
            is_told = argument(args, kwargs, 4, "ckpt_path") or self._checkpoint_connector._user_managed
            path = None if is_told else trainings.newest(_with_state)
            if path is not None:
                print("trainyard: fit() goes on from %s" % path, file=sys.stderr)
                args = args[:4]
                kwargs = {**kwargs, "ckpt_path": path}
                if "weights_only" in takes:
                    kwargs.setdefault("weights_only", False)  # it is the script's own file
        except Exception as error:
            sink.trouble(SOURCE, error)
        try:
            return own(self, *args, **kwargs)
        finally:
            trainings.end()

    module.Trainer.fit = fit


def _with_state(path: str) -> str | None:
    """Whether a file has more than weights: by the names in its pickle, which is not loaded."""
    try:
        with zipfile.ZipFile(path) as file:
            for info in file.infolist():
                if os.path.basename(info.filename) == "data.pkl" and info.file_size <= MAX_PICKLE_BYTES:
                    return path if b"optimizer_states" in file.read(info) else None
    except (OSError, ValueError, zipfile.BadZipFile):
        pass
    return None


def wrap_trainer(module: Any) -> None:
    if "checkpoints" not in parts():
        return
    trainer = module.Trainer
    own_fit, own_impl = trainer.fit, trainer._fit_impl
    leave_quietly = sys.modules[module.__name__.replace(".trainer.trainer", ".utilities.exceptions")]._TunerExitException

    @functools.wraps(own_impl)
    def _fit_impl(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return own_impl(self, *args, **kwargs)
        except _Left:
            raise leave_quietly() from None  # Lightning tidies up, and fit() returns

    @functools.wraps(own_fit)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        _takes_care(self, True)
        try:
            result = own_fit(self, *args, **kwargs)
        finally:
            _takes_care(self, False)
        if getattr(self, "_trainyard_left", False):
            trainings.leave("Lightning has stored a checkpoint, and the pool asks to leave", self.is_global_zero)
        return result

    trainer._fit_impl, trainer.fit = _fit_impl, fit


def _takes_care(trainer: Any, does: bool) -> None:
    try:
        trainer._trainyard_may_leave = does and _may_leave(trainer.strategy)
        if not getattr(trainer, "_trainyard_left", False):
            trainings.leaves_itself(trainer._trainyard_may_leave)
    except Exception as error:
        sink.trouble(SOURCE, error)


def _may_leave(strategy: Any) -> bool:
    """Where a checkpoint is one file that is captured, and fit() runs in the script's own processes; the same in all of them. For
    all others the rule for plain scripts holds."""
    base = next(each for each in type(strategy).__mro__ if each.__name__ == "Strategy")
    writer = strategy.checkpoint_io
    while hasattr(writer, "checkpoint_io"):  # AsyncCheckpointIO is around another one
        writer = writer.checkpoint_io
    return (
        type(strategy).save_checkpoint is base.save_checkpoint
        and "TorchCheckpointIO" in _names_of(writer)
        and not any("MultiProcessing" in name for name in _names_of(strategy.launcher))
    )


def _names_of(thing: Any) -> list:
    return [each.__name__ for each in type(thing).__mro__]


def wrap_epoch_loop(module: Any) -> None:
    beside(module._TrainingEpochLoop, "on_advance_end", SOURCE, _batch_ended)


def wrap_fit_loop(module: Any) -> None:
    beside(module._FitLoop, "on_advance_end", SOURCE, _epoch_ended)


def _batch_ended(result: Any, args: tuple, kwargs: dict) -> None:
    loop = args[0]
    # At an epoch's end its own end comes first; half accumulated gradients are in no checkpoint.
    if not loop._num_ready_batches_reached() and not loop._should_accumulate():
        _leave_if_asked(loop.trainer)


def _epoch_ended(result: Any, args: tuple, kwargs: dict) -> None:
    _leave_if_asked(args[0].trainer)


def _leave_if_asked(trainer: Any) -> None:
    if not getattr(trainer, "_trainyard_may_leave", False):
        return
    agree = functools.partial(trainer.strategy.reduce_boolean_decision, all=False)
    if not trainings.is_due_in_all(trainer.fit_loop.epoch_loop.total_batch_idx, trainer.world_size, agree):
        return
    try:
        trainer.save_checkpoint(os.path.join(working_directory().path, FILE))
    except Exception:
        trainer._trainyard_may_leave = False
        trainings.leaves_itself(False)
        raise
    trainer._trainyard_left = True
    raise _Left()
