"""context.train: metrics, progress, metadata of the trial."""

from __future__ import annotations

import enum
import json
import logging
import os
import pathlib
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from trainyard.harness.run import Run

from .._info import ClusterInfo
from ._best import best_validation
from ._kept import keep, kept

logger = logging.getLogger("determined.core")
_METADATA = "determined-metadata.json"


class EarlyExitReason(enum.Enum):
    INVALID_HP = "EXITED_REASON_INVALID_HP"
    USER_REQUESTED_STOP = "EXITED_REASON_USER_REQUESTED_STOP"


class TrainContext:
    def __init__(self, run: Run, info: ClusterInfo, is_manual_tensorboard: bool) -> None:
        self._run = run
        self._info = info
        self._is_manual = is_manual_tensorboard
        self.last_validation: Tuple[float, Dict[str, Any]] = (0, {})
        """Step and metrics of the last one: what op.report_completed need not say again."""
        self.last_step = info.trial._steps_completed

    def report_training_metrics(
        self, steps_completed: int, metrics: Dict[str, Any], batch_metrics: Optional[List[Dict[str, Any]]] = None
    ) -> None:
        """`batch_metrics`, those of each batch since the last report, are the same numbers before they were averaged."""
        self.report_metrics("training", steps_completed, metrics)

    def report_validation_metrics(self, steps_completed: int, metrics: Dict[str, Any]) -> None:
        """RuntimeError for a value that is None."""
        for name, value in metrics.items():
            if value is None:
                raise RuntimeError("validation metric %r is None at step %s: report a number" % (name, steps_completed))
        self.report_metrics("validation", steps_completed, metrics)
        self.last_validation = (steps_completed, metrics)

    def report_metrics(self, group: str, steps_completed: int, metrics: Dict[str, Any]) -> None:
        """Nested values are told as outer.inner. What is not a number is left out, which the run says once a name."""
        if not isinstance(metrics, dict):
            raise TypeError("metrics: a dict, not %s" % type(metrics).__name__)
        if "." in group:
            raise ValueError("the group %r has a dot in it: choose another name" % group)
        self.last_step = max(self.last_step, steps_completed)
        self._run.report(steps_completed, dict(_flat(metrics)), group)

    def report_progress(self, progress: float) -> None:
        if not 0 <= progress <= 1:
            raise ValueError("progress: a fraction from 0 to 1, not %r" % (progress,))
        self._run.progress(progress)

    def report_early_exit(self, reason: EarlyExitReason) -> None:
        """INVALID_HP: the searcher puts another trial in place of this one. Else the script just ends."""
        if reason is EarlyExitReason.INVALID_HP:
            self._run.refuse_hyperparameters("the script reported INVALID_HP")

    def set_status(self, status: str) -> None:
        logger.info("status: %s", status)

    def set_metadata(self, metadata: Dict[str, Any]) -> Dict[str, Any]:
        """Kept in the run directory; get_metadata of later attempts of the trial sees it too."""
        keep(self._run, _METADATA, json.loads(json.dumps(metadata)))
        return metadata

    def get_metadata(self) -> Dict[str, Any]:
        return kept(self._run, _METADATA)

    def get_experiment_best_validation(self) -> Optional[float]:
        """The best value of the searcher's metric that any trial of the experiment has reported so far."""
        searcher = self._info.trial._config["searcher"]
        return best_validation(
            self._run.directory.parent, self._info.trial.experiment_id, searcher["metric"], searcher["smaller_is_better"]
        )

    def get_tensorboard_path(self) -> pathlib.Path:
        """A folder below the working directory, which is kept with the run."""
        path = pathlib.Path(os.getcwd(), "tensorboard")
        path.mkdir(parents=True, exist_ok=True)
        return path

    def upload_tensorboard_files(
        self, selector: Callable = lambda path: True, mangler: Callable = lambda path, rank: path
    ) -> None:
        """Nothing is to be done: what the script wrote stays with the run."""
        if not self._is_manual:
            raise RuntimeError("upload_tensorboard_files() is for tensorboard_mode=TensorboardMode.MANUAL")


def _flat(metrics: Dict[str, Any], where: str = "") -> Iterator[Tuple[str, Any]]:
    for key, value in metrics.items():
        name = where + str(key)
        if isinstance(value, dict):
            yield from _flat(value, name + ".")
        elif isinstance(value, bool):
            yield name, int(value)
        elif isinstance(value, bytes):
            logger.warning("the metric %s is bytes and is left out", name)
        else:
            yield name, value
