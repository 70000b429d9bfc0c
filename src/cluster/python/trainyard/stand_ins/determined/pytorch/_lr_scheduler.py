"""LRScheduler: a torch scheduler, and when it steps."""

from __future__ import annotations

import enum
from typing import Any


class LRScheduler:
    class StepMode(enum.Enum):
        STEP_EVERY_EPOCH = 1
        STEP_EVERY_BATCH = 2
        MANUAL_STEP = 3
        STEP_EVERY_OPTIMIZER_STEP = 4

    def __init__(self, scheduler: Any, step_mode: LRScheduler.StepMode, frequency: int = 1) -> None:
        self._scheduler = scheduler
        self._step_mode = step_mode
        self._frequency = frequency

    def step(self, *args: Any, **kwargs: Any) -> None:
        self._scheduler.step(*args, **kwargs)

    def batch_done(self, batches: int, epoch_length: int, aggregation: int) -> None:
        """After the batch with that number, from 1."""
        mode = LRScheduler.StepMode
        every = {
            mode.STEP_EVERY_BATCH: self._frequency,
            mode.STEP_EVERY_OPTIMIZER_STEP: self._frequency * aggregation,
            mode.STEP_EVERY_EPOCH: self._frequency * epoch_length,
        }.get(self._step_mode)
        if every and batches % every == 0:
            self._scheduler.step()

    def state_dict(self) -> Any:
        return self._scheduler.state_dict()

    def load_state_dict(self, state: Any) -> None:
        self._scheduler.load_state_dict(state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scheduler, name)
