"""context.preempt: whether the run was asked to leave."""

from __future__ import annotations

import enum

from trainyard.harness.control import Control
from trainyard.harness.run import Run

from ._distributed import DistributedContext


class PreemptMode(enum.Enum):
    WorkersAskMaster = "WORKERS_ASK_MASTER"
    ChiefOnly = "CHIEF_ONLY"
    WorkersAskChief = "WORKERS_ASK_CHIEF"


class PreemptContext:
    def __init__(self, run: Run, distributed: DistributedContext, mode: PreemptMode) -> None:
        self._run = run
        self._distributed = distributed
        self._mode = mode
        self._unacknowledged = Control(str(run.directory))

    def should_preempt(self, auto_ack: bool = True) -> bool:
        """True when a checkpoint is to be written and the script to leave. The first True tells the pool that it was
        understood, unless `auto_ack` is False. WorkersAskChief: all ranks must ask in step."""
        if self._mode is PreemptMode.WorkersAskMaster or self._distributed.size == 1:
            return self._look(auto_ack)
        is_chief = self._distributed.rank == 0
        if self._mode is PreemptMode.ChiefOnly:
            if not is_chief:
                raise RuntimeError("should_preempt() was called in a worker, with PreemptMode.ChiefOnly")
            return self._look(auto_ack)
        return self._distributed.broadcast(self._look(auto_ack) if is_chief else None)

    def acknowledge_preemption_signal(self) -> None:
        """Tells the pool that the script leaves because it was asked to."""
        self._run.should_stop()

    def _look(self, acknowledge: bool) -> bool:
        return self._run.should_stop() if acknowledge else self._unacknowledged.look() is not None
