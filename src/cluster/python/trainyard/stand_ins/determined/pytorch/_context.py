"""PyTorchTrialContext: wraps models, optimizers and schedulers, and says where and how large."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Dict, List, Optional

import torch

from ..core import Context
from ._lr_scheduler import LRScheduler
from ._reducer import MetricReducer, SimpleMetricReducer


class _Experimental:
    def __init__(self, context: PyTorchTrialContext) -> None:
        self._context = context

    def use_amp(self) -> None:
        """Mixed precision for all models, with one scaler. Without a GPU it changes nothing."""
        if self._context.device.type == "cuda":
            self._context.wrap_scaler(torch.cuda.amp.GradScaler())
            self._context.autocasts = True

    def disable_dataset_reproducibility_checks(self) -> None:
        """A torch DataLoader is taken in any case."""

    def disable_auto_to_device(self) -> None:
        self._context.moves_batches = False

    def set_epochs_provided(self, *_: Any) -> None: ...


class PyTorchTrialContext:
    """`device`, `distributed`, and the methods below. Made by determined.pytorch.init()."""

    def __init__(self, core: Context, hparams: Dict[str, Any], exp_conf: Dict[str, Any], aggregation: int) -> None:
        self._core = core
        self._hparams = hparams
        self._exp_conf = exp_conf
        self.aggregation = max(1, aggregation)
        self.distributed = core.distributed
        self.profiler = core.profiler
        self.experimental = _Experimental(self)
        self.device = _device(self.distributed.local_rank)
        self.models: List[Any] = []
        self.optimizers: List[Any] = []
        self.lr_schedulers: List[LRScheduler] = []
        self.scaler: Any = None
        self.autocasts = False
        self.moves_batches = True
        self.reducers: Dict[str, MetricReducer] = {}
        self.training_reducers: List[str] = []
        self.validation_reducers: List[str] = []
        self.epoch_length: Optional[int] = None
        self._batch = 0
        self._stops = False
        self._writer: Any = None

    def wrap_model(self, model: Any) -> Any:
        """On the device; with several ranks in DistributedDataParallel. Use what is returned."""
        model.to(self.device)
        if self.distributed.size > 1:
            ids = [self.device.index] if self.device.type == "cuda" else None
            model = torch.nn.parallel.DistributedDataParallel(model, device_ids=ids)
        self.models.append(model)
        return model

    def wrap_optimizer(self, optimizer: Any, backward_passes_per_step: int = 1, *_: Any, **__: Any) -> Any:
        self.optimizers.append(optimizer)
        return optimizer

    def wrap_lr_scheduler(
        self, lr_scheduler: Any, step_mode: LRScheduler.StepMode, frequency: int = 1
    ) -> Any:
        if isinstance(lr_scheduler, LRScheduler):
            lr_scheduler = lr_scheduler._scheduler
        self.lr_schedulers.append(LRScheduler(lr_scheduler, step_mode, frequency))
        return lr_scheduler

    def wrap_scaler(self, scaler: Any) -> Any:
        self.scaler = scaler
        return scaler

    def wrap_reducer(
        self, reducer: Any, name: Optional[str] = None, for_training: bool = True, for_validation: bool = True
    ) -> Any:
        """A MetricReducer, or a function of all values. Without a name its metric is a dict of metrics."""
        if not isinstance(reducer, MetricReducer):
            reducer = SimpleMetricReducer(reducer)
        key = name or "\0%d" % len(self.reducers)
        self.reducers[key] = reducer
        if for_training:
            self.training_reducers.append(key)
        if for_validation:
            self.validation_reducers.append(key)
        return reducer

    def to_device(self, data: Any, warned_types: Any = None) -> Any:
        """Tensors, also inside of lists, tuples and dicts, on the device; all else as it is."""
        if isinstance(data, dict):
            return type(data)((key, self.to_device(value)) for key, value in data.items())
        if isinstance(data, tuple) and hasattr(data, "_fields"):
            return type(data)(*(self.to_device(value) for value in data))
        if isinstance(data, (list, tuple)):
            return type(data)(self.to_device(value) for value in data)
        return data.to(self.device) if hasattr(data, "to") else data

    def backward(self, loss: Any, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        if self.scaler is not None:
            loss = self.scaler.scale(loss)
        loss = loss / self.aggregation if self.aggregation > 1 else loss
        with contextlib.ExitStack() as stack:
            if not self._steps_now():
                for model in self.models:
                    if hasattr(model, "no_sync"):
                        stack.enter_context(model.no_sync())
            loss.backward(gradient=gradient, retain_graph=retain_graph, create_graph=create_graph)

    def step_optimizer(
        self, optimizer: Any, clip_grads: Any = None, auto_zero_grads: bool = True, scaler: Any = None
    ) -> None:
        """In every aggregation_frequency-th batch. `clip_grads`: called with the parameters."""
        if not self._steps_now():
            return
        scaler = scaler if scaler is not None else self.scaler
        if clip_grads is not None:
            if scaler is not None:
                scaler.unscale_(optimizer)
            clip_grads([p for group in optimizer.param_groups for p in group["params"] if p.grad is not None])
        if scaler is not None:
            scaler.step(optimizer)
            scaler.update()
        else:
            optimizer.step()
        if auto_zero_grads:
            optimizer.zero_grad()

    def autocast(self) -> Any:
        return torch.autocast(self.device.type) if self.autocasts else contextlib.nullcontext()

    def configure_apex_amp(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("configure_apex_amp: Apex is not supported here; use context.experimental.use_amp()")

    def get_hparams(self) -> Dict[str, Any]:
        return self._hparams

    def get_hparam(self, name: str) -> Any:
        """ValueError for one that the configuration does not have."""
        if name not in self._hparams:
            raise ValueError("there is no hyperparameter %r: there are %s" % (name, ", ".join(self._hparams) or "none"))
        return self._hparams[name]

    def get_data_config(self) -> Dict[str, Any]:
        return self._exp_conf.get("data") or {}

    def get_experiment_config(self) -> Dict[str, Any]:
        return self._exp_conf

    def get_experiment_id(self) -> int:
        return self._core.info.trial.experiment_id

    def get_trial_id(self) -> int:
        return self._core.info.trial.trial_id

    def get_trial_seed(self) -> int:
        return self._core.info.trial.trial_seed

    def get_global_batch_size(self) -> int:
        """ValueError without the hyperparameter global_batch_size."""
        return int(self.get_hparam("global_batch_size"))

    def get_per_slot_batch_size(self) -> int:
        return max(1, self.get_global_batch_size() // self.distributed.size)

    def get_stop_requested(self) -> bool:
        return self._stops

    def set_stop_requested(self, stop_requested: bool) -> None:
        """Training ends after this batch, with a validation and a checkpoint."""
        self._stops = bool(stop_requested)

    def current_train_batch(self) -> int:
        return self._batch

    def current_train_epoch(self) -> int:
        return self._batch // self.epoch_length if self.epoch_length else 0

    def is_epoch_start(self) -> bool:
        return bool(self.epoch_length) and self._batch % self.epoch_length == 0

    def is_epoch_end(self) -> bool:
        return bool(self.epoch_length) and (self._batch + 1) % self.epoch_length == 0

    def get_tensorboard_path(self) -> Any:
        return self._core.train.get_tensorboard_path()

    def get_tensorboard_writer(self) -> Any:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(log_dir=os.fspath(self.get_tensorboard_path()))
        return self._writer

    def _steps_now(self) -> bool:
        return (self._batch + 1) % self.aggregation == 0


def _device(local_rank: int) -> torch.device:
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank)
        return torch.device("cuda", local_rank)
    return torch.device("cpu")
