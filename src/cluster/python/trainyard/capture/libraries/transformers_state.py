"""The Trainer's own state: its checkpoint folders are captured, train() goes on from one, and leaves when the pool asks."""

from __future__ import annotations

import functools
import os
import sys
import time
import zipfile
from typing import Any

from .. import sink, trainings
from ..install import parts
from ..saves import after_save
from ..working import working_directory
from ..wrap import argument, beside

SOURCE = "transformers"
STATE_FILE = "trainer_state.json"
RANKS_PATIENCE_S = 10.0
_may_leave = False
_is_leaving = False


def wrap_checkpoints(module: Any) -> None:
    after_save(module.Trainer, "_save_checkpoint", SOURCE, _folder, _about)
    _wrap_train(module.Trainer)


def _folder(args: tuple, kwargs: dict) -> Any:
    # (self, model, trial, ...)
    trainer = args[0]
    if not trainer.args.should_save:
        return None
    folder = os.path.join(
        trainer._get_output_dir(argument(args, kwargs, 2, "trial")), "checkpoint-%d" % trainer.state.global_step
    )
    if trainer.args.world_size > 1:
        _wait_for_ranks(folder, trainer.args.world_size)
    return folder


def _wait_for_ranks(folder: str, processes: int) -> None:
    """Each of them writes a file of its own into it, and nobody waits for that."""
    until = time.monotonic() + RANKS_PATIENCE_S
    names = [os.path.join(folder, "rng_state_%d.pth" % rank) for rank in range(processes)]
    while not all(zipfile.is_zipfile(name) for name in names) and time.monotonic() < until:
        time.sleep(0.01)


def _about(args: tuple, kwargs: dict) -> tuple:
    state = args[0].state
    about = {trainings.MARK: trainings.number, "epoch": state.epoch}
    metric = args[0].args.metric_for_best_model
    if metric and state.best_metric is not None:
        about["best"] = {metric: state.best_metric}
    return state.global_step, about


def _wrap_train(trainer: Any) -> None:
    own = trainer.train

    @functools.wraps(own)
    def train(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            trainings.begin()
            # (resume_from_checkpoint, trial, ...); False is a word, too
            given = (argument(args, kwargs, 0, "resume_from_checkpoint"), argument(args, kwargs, 1, "trial"))
            if given == (None, None) and "model_path" not in kwargs:
                folder = trainings.newest(_resumable)
                if folder is not None:
                    print("trainyard: train() goes on from %s" % folder, file=sys.stderr)
                    args = (folder, *args[1:])
                    kwargs = {name: value for name, value in kwargs.items() if name != "resume_from_checkpoint"}
        except Exception as error:
            sink.trouble(SOURCE, error)
        try:
            return own(self, *args, **kwargs)
        finally:
            trainings.end()

    trainer.train = train


def _resumable(path: str) -> str | None:
    return os.path.dirname(path) if os.path.basename(path) == STATE_FILE else None


def wrap_trainer(module: Any) -> None:
    if "checkpoints" not in parts():
        return
    own = module.Trainer.train

    @functools.wraps(own)
    def train(self: Any, *args: Any, **kwargs: Any) -> Any:
        _takes_care(self, True)
        try:
            return own(self, *args, **kwargs)
        finally:
            _takes_care(self, False)

    module.Trainer.train = train


def _takes_care(trainer: Any, does: bool) -> None:
    global _may_leave
    try:
        # Elsewhere its checkpoints are not captured.
        _may_leave = does and working_directory().has_inside(trainer.args.output_dir)
        trainings.leaves_itself(_may_leave or _is_leaving)
    except Exception as error:
        sink.trouble(SOURCE, error)


def wrap_callbacks(module: Any) -> None:
    if "checkpoints" in parts():
        beside(module.CallbackHandler, "on_step_end", SOURCE, _step_ended)
        beside(module.CallbackHandler, "on_save", SOURCE, _saved)


def _step_ended(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, args, state, control)
    global _is_leaving
    settings, state = args[1:3]
    if _may_leave and not _is_leaving:
        _is_leaving = trainings.is_due_in_all(state.global_step, settings.world_size, functools.partial(_agree, settings))
    if _is_leaving:
        result.should_save = True  # the control that the Trainer goes by


def _agree(settings: Any, decision: bool) -> bool:
    torch = sys.modules["torch"]
    votes = torch.tensor([int(decision)], device=settings.device)
    torch.distributed.all_reduce(votes, op=torch.distributed.ReduceOp.MAX)
    return bool(votes.item())


def _saved(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, args, state, control); _save_checkpoint has returned, and so have the callbacks
    if _is_leaving:
        message = "the Trainer has stored a checkpoint, and the pool asks to leave"
        trainings.leave(message, args[2].is_world_process_zero)
