"""The Hugging Face Trainer: what Trainer.log was given, the arguments that were changed, progress.

A metric's step is state.global_step. `epoch`, which the Trainer adds, is left out.
"""

from __future__ import annotations

import dataclasses
import enum
from time import monotonic
from typing import Any

from .. import sink
from ..wrap import argument, beside, owning

SOURCE = "transformers"
PROGRESS_EVERY_S = 1.0
ALWAYS = ["learning_rate", "num_train_epochs", "per_device_train_batch_size", "seed", "weight_decay"]
"""Arguments that are parameters also with their default."""
PARAMETERS = ALWAYS + (
    "adafactor adam_beta1 adam_beta2 adam_epsilon bf16 fp16 gradient_accumulation_steps gradient_checkpointing group_by_length "
    "label_smoothing_factor lr_scheduler_type max_grad_norm max_steps neftune_noise_alpha optim optim_args tf32 torch_compile "
    "warmup_ratio warmup_steps"
).split()
"""What is trained, and not where things are, what is said and how often, or a token."""
_next_progress = 0.0


def wrap_trainer(module: Any) -> None:
    # Its callbacks take values out of what they are given, and print what becomes metrics of the output.
    owning(module.Trainer, "log", SOURCE, _log)


def wrap_parameters(module: Any) -> None:
    beside(module.CallbackHandler, "on_train_begin", SOURCE, _arguments)


def wrap_progress(module: Any) -> None:
    beside(module.CallbackHandler, "on_step_end", SOURCE, _progress)


def _log(args: tuple, kwargs: dict) -> None:
    # (self, logs, ...)
    if not args[0].state.is_world_process_zero:
        return  # as its own loggers
    logs = argument(args, kwargs, 1, "logs")
    values = {name: value for name, value in logs.items() if name not in ("epoch", "step")}
    sink.scalars(SOURCE, values, args[0].state.global_step)


def _arguments(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, args, state, control)
    if not args[2].is_world_process_zero:
        return
    sink.library(SOURCE, sink.version_of(SOURCE))
    defaults = {field.name: _default(field) for field in dataclasses.fields(args[1])}
    changed, as_ever = {}, {}
    for name in PARAMETERS:
        value = getattr(args[1], name, None)
        value = value.value if isinstance(value, enum.Enum) else value
        if name in defaults and value != defaults[name] and (value or defaults[name]):
            changed[name] = value
        elif name in ALWAYS:
            as_ever[name] = value
    sink.parameters(SOURCE, as_ever, "default")
    sink.parameters(SOURCE, changed)


def _default(field: Any) -> Any:
    made = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    return made.value if isinstance(made, enum.Enum) else made


def _progress(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, args, state, control)
    global _next_progress
    state = args[2]
    sink.step = state.global_step
    now = monotonic()
    if now < _next_progress:
        return
    _next_progress = now + PROGRESS_EVERY_S
    if state.max_steps > 0 and state.is_world_process_zero:
        sink.progress(state.global_step / state.max_steps)
