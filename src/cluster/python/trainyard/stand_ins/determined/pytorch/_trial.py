"""PyTorchTrial: what a user's model definition is a subclass of."""

from __future__ import annotations

import abc
from typing import Any, Dict, Union

from ._callback import PyTorchCallback
from ._context import PyTorchTrialContext
from ._reducer import Reducer, Reducers


class PyTorchTrial(abc.ABC):
    trial_context_class = PyTorchTrialContext

    @abc.abstractmethod
    def __init__(self, context: PyTorchTrialContext) -> None:
        """Models, optimizers and schedulers are made here, and wrapped by the context."""

    @abc.abstractmethod
    def build_training_data_loader(self) -> Any: ...

    @abc.abstractmethod
    def build_validation_data_loader(self) -> Any: ...

    @abc.abstractmethod
    def train_batch(self, batch: Any, epoch_idx: int, batch_idx: int) -> Union[Any, Dict[str, Any]]:
        """The loss, or metrics by name."""

    def evaluate_batch(self, batch: Any, batch_idx: int) -> Dict[str, Any]:
        """Metrics of one batch; or override evaluate_full_dataset."""
        raise NotImplementedError("%s has neither evaluate_batch nor evaluate_full_dataset" % type(self).__name__)

    def evaluate_full_dataset(self, data_loader: Any) -> Dict[str, Any]:
        """Metrics of all validation data, on the chief alone."""
        raise NotImplementedError("%s has neither evaluate_batch nor evaluate_full_dataset" % type(self).__name__)

    def evaluation_reducer(self) -> Reducers:
        return Reducer.AVG

    def build_callbacks(self) -> Dict[str, PyTorchCallback]:
        return {}

    def get_batch_length(self, batch: Any) -> int:
        """Records of a batch."""
        if isinstance(batch, dict):
            batch = next(iter(batch.values()))
        elif isinstance(batch, (list, tuple)):
            batch = batch[0]
        return len(batch)
