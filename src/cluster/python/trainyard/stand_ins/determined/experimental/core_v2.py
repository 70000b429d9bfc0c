"""determined.experimental.core_v2: the same as det.core, with the context as a module."""

from __future__ import annotations

import atexit
import dataclasses
from typing import Any, Dict, List, Optional

from ..core import Context, DistributedContext, PreemptMode, TensorboardMode
from ..core import init as _core_init

train: Any = None
checkpoint: Any = None
preempt: Any = None
searcher: Any = None
distributed: Any = None
profiler: Any = None
info: Any = None
_context: Optional[Context] = None


@dataclasses.dataclass
class DefaultConfig:
    """What a script gives of its configuration outside of a cluster; in a run the pool's is what counts."""

    name: Optional[str] = None
    hparams: Optional[Dict] = None
    data: Optional[Dict] = None
    description: Optional[str] = None
    labels: Optional[List[str]] = None
    searcher: Optional[Dict[str, Any]] = None
    checkpoint_storage: Any = None


@dataclasses.dataclass
class UnmanagedConfig:
    workspace: Optional[str] = None
    project: Optional[str] = None
    external_experiment_id: Optional[str] = None
    external_trial_id: Optional[str] = None


def init(
    *,
    defaults: Optional[DefaultConfig] = None,
    unmanaged: Optional[UnmanagedConfig] = None,
    client: Any = None,
    distributed: Optional[DistributedContext] = None,
    checkpoint_storage: Any = None,
    preempt_mode: PreemptMode = PreemptMode.WorkersAskChief,
    tensorboard_mode: TensorboardMode = TensorboardMode.AUTO,
) -> None:
    """Fills this module's `train`, `checkpoint` and the others."""
    global _context
    if _context is not None:
        raise RuntimeError("core_v2.init() was called twice: core_v2.close() comes first")
    _context = _core_init(distributed=distributed, preempt_mode=preempt_mode, tensorboard_mode=tensorboard_mode)
    for name in ("train", "checkpoint", "preempt", "searcher", "distributed", "profiler", "info"):
        globals()[name] = getattr(_context, name)
    if defaults is not None and defaults.hparams:
        _context._run.adopt_parameters(defaults.hparams, "captured")
    if defaults is not None and (defaults.name or defaults.labels):
        from .. import __version__

        _context._run.captured("determined", __version__, defaults.name, defaults.labels or [])
    atexit.register(close)


def close() -> None:
    global _context
    if _context is not None:
        _context.close()
        _context = None


def url_reverse_webui_exp_view() -> str:
    return ""
