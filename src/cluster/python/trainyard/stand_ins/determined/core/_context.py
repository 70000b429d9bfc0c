"""det.core.init() and the Context that it returns."""

from __future__ import annotations

import contextlib
import enum
import faulthandler
import logging
import signal
import sys
from typing import Any, Optional

from trainyard.harness import api
from trainyard.harness.params import InvalidHP
from trainyard.harness.run import Run

from .._info import ClusterInfo, get_cluster_info
from ._checkpoint import CheckpointContext
from ._distributed import DistributedContext
from ._preempt import PreemptContext, PreemptMode
from ._searcher import MissingSearcher, SearcherContext, max_length_of
from ._train import TrainContext

logger = logging.getLogger("determined.core")


class TensorboardMode(enum.Enum):
    AUTO = "AUTO"
    MANUAL = "MANUAL"


class ProfilerContext:
    """The pool records the use of GPUs, CPU and memory of every run: there is nothing to switch."""

    def on(self, sampling_interval: int = 1, samples_per_report: int = 10) -> None:
        pass

    def off(self) -> None:
        pass


class ExperimentalContext:
    def report_task_using_checkpoint(self, ckpt: Any) -> None:
        """There is no registry of models to note it in."""

    def report_task_using_model_version(self, mv: Any) -> None:
        """There is no registry of models to note it in."""


class Context:
    def __init__(
        self, run: Run, info: ClusterInfo, distributed: DistributedContext, mode: PreemptMode, tensorboard: TensorboardMode
    ) -> None:
        searcher = info.trial._config["searcher"]
        self._run = run
        self.info = info
        self.distributed = distributed
        self.train = TrainContext(run, info, tensorboard is TensorboardMode.MANUAL)
        self.checkpoint = CheckpointContext(run, distributed)
        self.preempt = PreemptContext(run, distributed, mode)
        self.searcher: Any = MissingSearcher()
        if max_length_of(searcher) > 0:
            self.searcher = SearcherContext(run, searcher, self.train, self.preempt, distributed)
        self.profiler = ProfilerContext()
        self.experimental = ExperimentalContext()

    def alert(self, title: Optional[str] = None, description: Optional[str] = None, level: str = "info") -> None:
        """Shown on the run, once for each title."""
        if level not in ("warn", "info", "debug", "error"):
            raise ValueError("alert: level is warn, info, debug or error, not %r" % (level,))
        text = ": ".join(part for part in (title, description) if part) or "an alert without words"
        self._run.warn("alert %.60s" % (title or text), text)

    def looks_after_itself(self) -> None:
        """From here on nothing of the script's checkpoints is captured, nor is it ended on its behalf: a library that uses this
        context does both, whatever else its framework does."""
        self._run.keeps_checkpoints = True
        self._run.looks_itself = True

    def close(self) -> None:
        """Nothing is buffered: what was reported is written."""
        self.distributed.close()

    def __enter__(self) -> Context:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()
        if isinstance(error, InvalidHP):
            logger.info("these hyperparameters are invalid: %s", error)
            self._run.refuse_hyperparameters(str(error))
            sys.exit(0)


def init(
    *,
    distributed: Optional[DistributedContext] = None,
    checkpoint_storage: Any = None,
    preempt_mode: PreemptMode = PreemptMode.WorkersAskChief,
    tensorboard_mode: TensorboardMode = TensorboardMode.AUTO,
) -> Context:
    """The context of this run. `checkpoint_storage` has no effect: checkpoints are the pool's. ValueError without
    `distributed` where the trial has several slots."""
    info = get_cluster_info()
    if info is None:
        raise RuntimeError("det.core.init() of Trainyard's own `determined` is for runs of a pool")
    if distributed is None:
        if len(info.slot_ids) > 1:
            raise ValueError("you must provide a valid DistributedContext for a multi-slot task")
        distributed = DistributedContext()
    with contextlib.suppress(ValueError, OSError, AttributeError):  # no stderr
        faulthandler.register(signal.SIGUSR1, all_threads=True)
    return Context(api.init(), info, distributed, preempt_mode, tensorboard_mode)
