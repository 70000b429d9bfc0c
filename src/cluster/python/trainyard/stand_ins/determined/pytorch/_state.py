"""A PyTorchTrial's checkpoint: one file, state_dict.pth, of all that training goes on from."""

from __future__ import annotations

import inspect
import os
import random
import sys
from typing import Any, Dict

import torch

from ._callback import PyTorchCallback
from ._context import PyTorchTrialContext

FILE = "state_dict.pth"


def capture_state(context: PyTorchTrialContext, callbacks: Dict[str, PyTorchCallback], trial: Any) -> Dict[str, Any]:
    return {
        "models_state_dict": [_bare(model).state_dict() for model in context.models],
        "optimizers_state_dict": [optimizer.state_dict() for optimizer in context.optimizers],
        "lr_schedulers_state_dict": [scheduler.state_dict() for scheduler in context.lr_schedulers],
        "scaler_state_dict": None if context.scaler is None else context.scaler.state_dict(),
        "callbacks": {name: callback.state_dict() for name, callback in callbacks.items()},
        "rng_state": _generators(),
        "trial_id": context.get_trial_id(),
        "trial": _trial_state(trial),
    }


def write_state(folder: Any, state: Dict[str, Any]) -> None:
    torch.save(state, os.path.join(folder, FILE))


def read_state(folder: Any) -> Dict[str, Any]:
    """The pool's own checkpoints: what a pickle in them can do the trial's own code can do."""
    path = os.path.join(folder, FILE)
    options = {"weights_only": False} if "weights_only" in inspect.signature(torch.load).parameters else {}
    return torch.load(path, map_location="cpu", **options)


def restore_state(
    state: Dict[str, Any], context: PyTorchTrialContext, callbacks: Dict[str, PyTorchCallback], trial: Any
) -> None:
    """Weights of any trial; the rest where it is this trial's own."""
    for model, weights in zip(context.models, state["models_state_dict"]):
        _bare(model).load_state_dict(weights)
    for optimizer, of_it in zip(context.optimizers, state["optimizers_state_dict"]):
        optimizer.load_state_dict(of_it)
    for scheduler, of_it in zip(context.lr_schedulers, state["lr_schedulers_state_dict"]):
        scheduler.load_state_dict(of_it)
    if context.scaler is not None and state.get("scaler_state_dict"):
        context.scaler.load_state_dict(state["scaler_state_dict"])
    for name, callback in callbacks.items():
        if name in state.get("callbacks", {}):
            callback.load_state_dict(state["callbacks"][name])
    if state.get("trial") is not None and hasattr(trial, "load_state_dict"):
        trial.load_state_dict(state["trial"])
    if state.get("trial_id") == context.get_trial_id():
        _restore_generators(state["rng_state"])


def _bare(model: Any) -> Any:
    """Without DistributedDataParallel, so that a checkpoint fits any number of ranks."""
    return model.module if isinstance(model, torch.nn.parallel.DistributedDataParallel) else model


def _trial_state(trial: Any) -> Any:
    return trial.state_dict() if hasattr(trial, "state_dict") else None


def _generators() -> Dict[str, Any]:
    numpy = sys.modules.get("numpy")
    return {
        "python": random.getstate(),
        "torch": torch.random.get_rng_state(),
        "numpy": numpy.random.get_state() if numpy is not None else None,
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def _restore_generators(states: Dict[str, Any]) -> None:
    random.setstate(states["python"])
    torch.random.set_rng_state(states["torch"])
    numpy = sys.modules.get("numpy")
    if numpy is not None and states["numpy"] is not None:
        numpy.random.set_state(states["numpy"])
    if torch.cuda.is_available() and states["cuda"] is not None:
        torch.cuda.set_rng_state(states["cuda"])
