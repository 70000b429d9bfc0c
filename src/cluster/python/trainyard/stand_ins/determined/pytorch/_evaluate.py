"""Validation, and how metrics of batches and ranks come together on the chief."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, List, Optional

import torch

from ._context import PyTorchTrialContext
from ._data import DataLoader
from ._reducer import Reducer, Reducers, reduce_metrics
from ._trial import PyTorchTrial


def evaluate(
    trial: PyTorchTrial, context: PyTorchTrialContext, tell: Callable[..., None]
) -> Optional[Dict[str, Any]]:
    """The validation metrics, on the chief; None on other ranks."""
    for model in context.models:
        model.eval()
    data = trial.build_validation_data_loader()
    with torch.no_grad(), context.autocast():
        if type(trial).evaluate_full_dataset is not PyTorchTrial.evaluate_full_dataset:
            if context.distributed.rank != 0:
                return None
            return scalars(trial.evaluate_full_dataset(data.for_validation(0, 1) if isinstance(data, DataLoader) else data))
        if isinstance(data, DataLoader):
            data = data.for_validation(context.distributed.rank, context.distributed.size)
        tell("on_validation_epoch_start")
        takes_index = len(inspect.signature(trial.evaluate_batch).parameters) > 1
        found = []
        for index, batch in enumerate(data):
            batch = context.to_device(batch) if context.moves_batches else batch
            found.append(scalars(trial.evaluate_batch(batch, index) if takes_index else trial.evaluate_batch(batch)))
        tell("on_validation_epoch_end", found)
    return reduced(context, found, context.validation_reducers, trial.evaluation_reducer())


def reduced(
    context: PyTorchTrialContext, batches: List[Dict[str, Any]], reducers: List[str], how: Reducers = Reducer.AVG
) -> Optional[Dict[str, Any]]:
    """One number for each metric, of all ranks' batches; None but on the chief. Collective."""
    gathered = context.distributed.gather(batches)
    values = None if gathered is None else reduce_metrics([batch for part in gathered for batch in part], how)
    for name in reducers:
        reducer = context.reducers[name]
        parts = context.distributed.gather(reducer.per_slot_reduce())
        reducer.reset()
        if parts is None or values is None:
            continue
        value = reducer.cross_slot_reduce(parts)
        values.update(scalars(value if name.startswith("\0") else {name: value}))
    return values


def scalars(metrics: Dict[str, Any]) -> Dict[str, Any]:
    """Tensors and arrays of one number as numbers."""
    if not isinstance(metrics, dict):
        raise TypeError("metrics: a dict by name, not %s" % type(metrics).__name__)
    return {name: value.item() if hasattr(value, "item") else value for name, value in metrics.items()}


def detached(metrics: Dict[str, Any]) -> Dict[str, Any]:
    """For later: numbers are asked of the device when they are reported, not in each batch."""
    return {name: value.detach() if hasattr(value, "detach") else value for name, value in metrics.items()}
