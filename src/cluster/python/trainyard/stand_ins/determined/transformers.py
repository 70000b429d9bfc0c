"""determined.transformers.DetCallback: the Hugging Face Trainer's metrics, checkpoints and stop, by det.core."""

from __future__ import annotations

import json
import logging
import os
from typing import Any, Dict, List, Optional

from transformers import TrainerCallback

import determined as det

from .core import Context

logger = logging.getLogger("determined.transformers")


class DetCallback(TrainerCallback):
    """Pass it as a callback of the Trainer. On a continued trial `args.resume_from_checkpoint` is set, for
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint). `filter_metrics`: report names with one of these in them.
    `user_data`: more metadata of each checkpoint."""

    def __init__(
        self, core_context: Context, args: Any, filter_metrics: Optional[List[str]] = None,
        user_data: Optional[Dict[str, Any]] = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.core_context = core_context
        core_context.looks_after_itself()
        self.filter_metrics = filter_metrics
        self.user_data = user_data
        self._reported = {"training": -1, "validation": -1}
        info = det.get_cluster_info()
        assert info is not None
        self._trial = info.trial
        searcher = info.trial._config["searcher"]
        length = searcher.get("max_length")
        self._time_metric = searcher.get("time_metric") or (next(iter(length), None) if isinstance(length, dict) else None)
        if info.latest_checkpoint is not None:
            self._restore(info.latest_checkpoint, args)

    def on_log(self, args: Any, state: Any, control: Any, logs: Optional[Dict] = None, **kwargs: Any) -> None:
        if not logs or not state.is_world_process_zero or any(name.startswith("test_") for name in logs):
            return
        group = "validation" if any(name.startswith("eval_") for name in logs) else "training"
        # At its end the Trainer sums training up, at a step that was reported already.
        if self._reported[group] == state.global_step:
            return
        self._reported[group] = state.global_step
        metrics = {name: value for name, value in logs.items() if self._is_wanted(name)}
        if group == "training":
            self.core_context.train.report_training_metrics(state.global_step, metrics)
            return
        if self._time_metric in ("epochs", "epoch"):
            metrics[self._time_metric] = state.epoch
        elif self._time_metric == "batches":
            metrics["batches"] = state.global_step
        self.core_context.train.report_validation_metrics(state.global_step, metrics)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero and state.max_steps > 0:
            self.core_context.train.report_progress(min(1.0, state.global_step / state.max_steps))
        if self.core_context.preempt.should_preempt():
            control.should_save = True
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """All ranks: what lies in the one folder is stored once."""
        folder = os.path.join(args.output_dir, "checkpoint-%d" % state.global_step)
        if not os.path.isdir(folder):
            logger.warning("the Trainer saved no %s: nothing is stored", folder)
            return
        metadata = None
        if state.is_world_process_zero:
            metadata = {"steps_completed": state.global_step, "trial_id": self._trial.trial_id, **(self.user_data or {})}
        self.core_context.checkpoint.upload(folder, metadata, shard=True)

    def _is_wanted(self, name: str) -> bool:
        return not self.filter_metrics or name == self._time_metric or any(part in name for part in self.filter_metrics)

    def _restore(self, checkpoint: str, args: Any) -> None:
        metadata = self.core_context.checkpoint.get_metadata(checkpoint)
        folder = os.path.join(args.output_dir, "checkpoint-%d" % metadata["steps_completed"])
        if not os.path.exists(os.path.join(folder, "trainer_state.json")):
            self.core_context.checkpoint.download(checkpoint, folder)
        if metadata.get("trial_id", self._trial.trial_id) != self._trial.trial_id:
            _forget_progress(folder)
        args.resume_from_checkpoint = folder


def _forget_progress(folder: str) -> None:
    """Of another trial's checkpoint the weights alone are wanted."""
    for name in ("optimizer.pt", "scheduler.pt"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    path = os.path.join(folder, "trainer_state.json")
    with open(path, encoding="utf-8") as file:
        state = json.load(file)
    state.update(epoch=0, global_step=0, log_history=[], best_metric=None, best_model_checkpoint=None)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(state, file)
