"""determined.pytorch: PyTorchTrial and its Trainer, on det.core (docs/determined.md). Needs torch, which the script has."""

from __future__ import annotations

from ._callback import PyTorchCallback
from ._context import PyTorchTrialContext
from ._data import DataLoader, TorchData
from ._init import init
from ._lr_scheduler import LRScheduler
from ._reducer import MetricReducer, Reducer, SimpleMetricReducer
from ._trainer import Trainer
from ._trial import PyTorchTrial
from ._units import Batch, Epoch, Record, TrainUnit

__all__ = [
    "Batch",
    "DataLoader",
    "Epoch",
    "LRScheduler",
    "MetricReducer",
    "PyTorchCallback",
    "PyTorchTrial",
    "PyTorchTrialContext",
    "Record",
    "Reducer",
    "SimpleMetricReducer",
    "TorchData",
    "TrainUnit",
    "Trainer",
    "init",
]
