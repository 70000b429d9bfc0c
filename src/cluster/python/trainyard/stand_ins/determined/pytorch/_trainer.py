"""Trainer(trial, context).fit(...): the training loop of a PyTorchTrial."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Optional

from ..core._searcher import max_length_of
from ._context import PyTorchTrialContext
from ._data import DataLoader, endless
from ._evaluate import detached, evaluate, reduced, scalars
from ._state import capture_state, read_state, restore_state, write_state
from ._trial import PyTorchTrial
from ._units import Batch, TrainUnit, unit_of


class Trainer:
    def __init__(self, trial: PyTorchTrial, context: PyTorchTrialContext) -> None:
        self._trial = trial
        self._context = context
        self._core = context._core
        self._core.looks_after_itself()
        self._ranks = context.distributed
        self._callbacks = trial.build_callbacks()
        self._steps = 0
        self._metrics: List[Dict[str, Any]] = []
        self._validated_at = -1
        self._stored_at = -1
        self._last_values: Dict[str, Any] = {}
        self._best: Optional[float] = None

    def configure_profiler(self, *_: Any, **__: Any) -> None:
        """The pool records what a run uses in any case."""

    def fit(
        self,
        checkpoint_period: Optional[TrainUnit] = None,
        validation_period: Optional[TrainUnit] = None,
        max_length: Optional[TrainUnit] = None,
        reporting_period: TrainUnit = Batch(100),
        checkpoint_policy: str = "best",
        latest_checkpoint: Optional[str] = None,
        step_zero_validation: bool = False,
        test_mode: bool = False,
        profiling_enabled: Optional[bool] = None,
    ) -> None:
        """Trains up to `max_length` (without it: searcher.max_length of the configuration), or until the run is asked to leave.
        `checkpoint_policy`: best, all or none of the validated states are stored; the last one is in any case."""
        searcher = self._context.get_experiment_config()["searcher"]
        operations = None
        if test_mode:
            max_length = Batch(1)
        elif max_length is None:
            if max_length_of(searcher) <= 0:
                raise ValueError("Trainer.fit() needs max_length, such as max_length=Epoch(10)")
            operations = self._core.searcher.operations()
            max_length = unit_of(searcher["max_length"])
        self._policy = checkpoint_policy
        self._begin(latest_checkpoint, step_zero_validation)
        assert max_length is not None
        every = [self._batches(period) for period in (reporting_period, validation_period, checkpoint_period)]
        if operations is None:
            self._train(self._batches(max_length), every)
        else:
            for operation in operations:
                unit = type(max_length)
                if self._train(self._batches(unit(operation.length)), every):
                    break
                if self._ranks.rank == 0:
                    operation.report_completed(self._searched(searcher["metric"]))
        self._tell("on_trial_shutdown")

    def _begin(self, latest_checkpoint: Optional[str], validates: bool) -> None:
        data = self._trial.build_training_data_loader()
        batches = data.batches() if isinstance(data, DataLoader) else len(data)
        ranks = self._ranks.size if isinstance(data, DataLoader) else 1
        self._epoch_length = self._context.epoch_length = max(1, batches // ranks)
        if latest_checkpoint is not None:
            self._restore(latest_checkpoint)
        self._data = self._loader(data)
        self._tell("on_trial_startup", self._steps, latest_checkpoint)
        self._tell("on_training_start")
        if validates and self._steps == 0:
            self._validate()

    def _loader(self, data: Any) -> Iterator[Any]:
        if not isinstance(data, DataLoader):
            return endless(data, self._steps % self._epoch_length)
        return iter(data.for_training(self._ranks.rank, self._ranks.size, self._steps, self._context.get_trial_seed()))

    def _train(self, until: int, every: List[int]) -> bool:
        """Whether the run was asked to leave, or the trial itself wants to."""
        reports, validates, checkpoints = every
        while self._steps < until:
            self._train_batch()
            is_last = self._steps >= until or self._context.get_stop_requested()
            is_asked = self._core.preempt.should_preempt()
            if is_last or is_asked or _is_at(self._steps, reports):
                self._report()
            if is_last or (_is_at(self._steps, validates) and not is_asked):
                self._validate()
            if is_last or is_asked or _is_at(self._steps, checkpoints):
                self._store()
            if self._ranks.rank == 0:
                self._core.train.report_progress(min(1.0, self._steps / until))
            if is_asked or self._context.get_stop_requested():
                return True
        return False

    def _train_batch(self) -> None:
        context, trial = self._context, self._trial
        context._batch = self._steps
        epoch = self._steps // self._epoch_length
        if context.is_epoch_start():
            self._tell("on_training_epoch_start", epoch)
        batch = next(self._data)
        if context.moves_batches:
            batch = context.to_device(batch)
        for model in context.models:
            model.train()
        with context.autocast():
            found = trial.train_batch(batch, epoch, self._steps)
        self._metrics.append(detached(found if isinstance(found, dict) else {"loss": found}))
        self._steps += 1
        for scheduler in context.lr_schedulers:
            scheduler.batch_done(self._steps, self._epoch_length, context.aggregation)
        if context.is_epoch_end():
            self._tell("on_training_epoch_end", epoch)

    def _report(self) -> None:
        batches, self._metrics = [scalars(batch) for batch in self._metrics], []
        values = reduced(self._context, batches, self._context.training_reducers)
        if values is not None and batches:
            self._tell("on_training_workload_end", values, batches)
            self._core.train.report_training_metrics(self._steps, {**values, **self._lengths()})

    def _validate(self) -> None:
        """All ranks evaluate; the chief reports, and decides whether this state is stored."""
        if self._validated_at == self._steps:
            return
        self._validated_at = self._steps
        self._tell("on_validation_start")
        values = evaluate(self._trial, self._context, self._tell)
        is_best = False
        if values is not None:
            self._last_values = values
            self._core.train.report_validation_metrics(self._steps, {**values, **self._lengths()})
            is_best = self._is_best(values)
        self._tell("on_validation_end", values or {})
        is_best = self._ranks.broadcast(is_best)
        if self._steps and (self._policy == "all" or (self._policy == "best" and is_best)):
            self._store()

    def _searched(self, metric: str) -> Any:
        if metric not in self._last_values:
            raise RuntimeError(
                "the searcher's metric %r is none of those that were validated: %s" % (metric, ", ".join(self._last_values))
            )
        return self._last_values[metric]

    def _is_best(self, values: Dict[str, Any]) -> bool:
        searcher = self._context.get_experiment_config()["searcher"]
        value = values.get(searcher["metric"])
        if value is None or value != value:
            return False
        sign = 1 if searcher["smaller_is_better"] else -1
        if self._best is not None and sign * value >= sign * self._best:
            return False
        self._best = value
        return True

    def _store(self) -> None:
        if self._stored_at == self._steps:
            return
        self._stored_at = self._steps
        if self._ranks.rank == 0:
            state = {**capture_state(self._context, self._callbacks, self._trial), "best": self._best}
            self._tell("on_checkpoint_save_start", state)
            metadata = {"steps_completed": self._steps, "framework": "torch", "trial_type": "PyTorchTrial"}
            with self._core.checkpoint.store_path(metadata) as (path, uuid):
                write_state(path, {**state, "steps_completed": self._steps})
                self._tell("on_checkpoint_write_end", str(path))
            self._tell("on_checkpoint_upload_end", uuid)
        self._ranks.broadcast(None)

    def _restore(self, checkpoint: str) -> None:
        with self._core.checkpoint.restore_path(checkpoint) as path:
            state = read_state(path)
        self._tell("on_checkpoint_load_start", state)
        restore_state(state, self._context, self._callbacks, self._trial)
        if state.get("trial_id") == self._context.get_trial_id():
            self._steps = self._stored_at = state["steps_completed"]
            self._best = state.get("best")

    def _lengths(self) -> Dict[str, Any]:
        return {"batches": self._steps, "epochs": self._steps / self._epoch_length}

    def _batches(self, length: Optional[TrainUnit]) -> int:
        if length is None:
            return 0
        size = self._context.get_hparams().get("global_batch_size")
        return length.in_batches(self._epoch_length, int(size) if size else None)

    def _tell(self, what: str, *args: Any) -> None:
        for callback in self._callbacks.values():
            method: Callable[..., None] = getattr(callback, what)
            method(*args)


def _is_at(steps: int, every: int) -> bool:
    return every > 0 and steps % every == 0
