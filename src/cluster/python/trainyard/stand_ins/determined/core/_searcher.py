"""context.searcher: the lengths that a search of before 0.38 (`searcher.max_length`) trains a trial for.

In Determined the master tells them one by one. Here they follow from the configuration: max_length; before it, where trials
are compared (async_halving, adaptive_asha), each rung, so that the search hears of the trial there. Whether the trial goes on
is the searcher's to say, by the same request to stop as any other.
"""

from __future__ import annotations

import enum
import time
from typing import Any, Iterator, List, Optional

from trainyard.harness.run import Run

from ._distributed import DistributedContext
from ._kept import keep, kept
from ._preempt import PreemptContext
from ._train import TrainContext

_VERDICT_S = 3.0
"""How long a rung's verdict is waited for; later ones come while the trial trains on."""
_LOOK_EVERY_S = 0.05
_COMPLETED = "determined-searcher.json"


class Unit(enum.Enum):
    EPOCHS = "EPOCHS"
    RECORDS = "RECORDS"
    BATCHES = "BATCHES"


class SearcherMode(enum.Enum):
    WorkersAskChief = "WORKERS_ASK_CHIEF"
    ChiefOnly = "CHIEF_ONLY"


class SearcherOperation:
    """Train up to `length` (in all, not since the last one), validate, report_completed()."""

    def __init__(self, context: SearcherContext, length: int, is_chief: bool) -> None:
        self._context = context
        self._length = length
        self._is_chief = is_chief
        self._completed = False

    @property
    def length(self) -> int:
        return self._length

    def report_progress(self, length: float) -> None:
        self._check("report_progress")
        self._context._progress(length)

    def report_completed(self, searcher_metric: Any) -> None:
        """`searcher_metric`: the validated value of the searcher's metric at this length."""
        self._check("report_completed")
        self._completed = True
        self._context._complete(self._length, searcher_metric)

    def _check(self, what: str) -> None:
        if not self._is_chief:
            raise RuntimeError("op.%s() is for the chief (rank 0) alone" % what)
        if self._completed:
            raise RuntimeError("op.%s() after op.report_completed()" % what)


class SearcherContext:
    def __init__(
        self, run: Run, configuration: dict, train: TrainContext, preempt: PreemptContext, distributed: DistributedContext
    ) -> None:
        self._configuration = configuration
        self._run = run
        self._train = train
        self._preempt = preempt
        self._distributed = distributed
        self._lengths = lengths_of(configuration)
        self._done = kept(run, _COMPLETED).get("length", 0)
        """An attempt that goes on from a checkpoint is not asked for what an earlier one has completed."""

    def get_configured_units(self) -> Optional[Unit]:
        given = self._configuration.get("max_length")
        return Unit[next(iter(given)).upper()] if isinstance(given, dict) and given else None

    def operations(
        self, searcher_mode: SearcherMode = SearcherMode.WorkersAskChief, auto_ack: bool = True
    ) -> Iterator[SearcherOperation]:
        """Ends after max_length, and when the run is asked to leave."""
        is_chief = self._distributed.rank == 0
        if searcher_mode is SearcherMode.ChiefOnly and not is_chief:
            raise RuntimeError("operations() was called in a worker, with SearcherMode.ChiefOnly")
        shares = searcher_mode is SearcherMode.WorkersAskChief
        for index, length in enumerate([length for length in self._lengths if length > self._done]):
            leaves = self._wait(index, auto_ack) if is_chief else None
            if self._distributed.broadcast(leaves) if shares else leaves:
                return
            operation = SearcherOperation(self, length, is_chief)
            yield operation
            if is_chief and not operation._completed and not self._preempt._look(False):
                raise RuntimeError("op.report_completed() was not called before the next operation was asked for")

    def acknowledge_out_of_ops(self) -> None:
        self._preempt.acknowledge_preemption_signal()

    def _wait(self, index: int, auto_ack: bool) -> bool:
        """Whether the run is to leave; between two rungs the search gets a moment to say so."""
        until = time.monotonic() + (_VERDICT_S if index > 0 else 0)
        while not self._preempt._look(False):
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_EVERY_S)
        if auto_ack:
            self._preempt.acknowledge_preemption_signal()
        return True

    def _progress(self, length: float) -> None:
        self._train.report_progress(min(1.0, max(0.0, length / self._lengths[-1])))

    def _complete(self, length: int, value: Any) -> None:
        """The search hears of validation metrics: says what the script has not already said in one."""
        metric = self._configuration.get("metric") or "validation_loss"
        unit = self.get_configured_units()
        axis = None if unit in (None, Unit.BATCHES) else unit.value.lower()
        step, reported = self._train.last_validation
        trained = step if axis is None else reported.get(axis, 0)
        if not (trained >= length and metric in reported):
            values = {metric: value} if axis is None else {metric: value, axis: length}
            self._train.report_metrics("validation", length if axis is None else max(self._train.last_step, step), values)
        keep(self._run, _COMPLETED, {"length": length})
        self._progress(length)


def max_length_of(configuration: dict) -> int:
    """0 without one."""
    given = configuration.get("max_length")
    if isinstance(given, dict):
        given = next(iter(given.values()), 0)
    return int(given or 0)


def lengths_of(configuration: dict) -> List[int]:
    """In ascending order; the last is max_length."""
    most = max_length_of(configuration)
    if most <= 0:
        return []
    divisor = float(configuration.get("divisor") or 4)
    rungs = 1
    if configuration.get("name") == "async_halving":
        rungs = int(configuration.get("num_rungs") or 1)
    elif configuration.get("name") == "adaptive_asha":
        rungs = max(configuration.get("bracket_rungs") or [int(configuration.get("max_rungs") or 5)])
    return sorted({max(1, int(most // divisor**rung)) for rung in range(rungs)})


class MissingSearcher:
    """In place of context.searcher where no max_length is configured."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            "context.searcher.%s: the configuration has no `searcher.max_length`. Add it, or let the script decide how long it "
            "trains and leave when context.preempt.should_preempt() is True" % name
        )
