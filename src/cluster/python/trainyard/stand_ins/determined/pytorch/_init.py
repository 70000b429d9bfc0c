"""determined.pytorch.init(): the context of a PyTorchTrial."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from typing import Any, Dict, Iterator, Optional

import torch
import torch.distributed

from .. import core
from .._info import get_cluster_info
from ._context import PyTorchTrialContext


@contextlib.contextmanager
def init(
    *,
    hparams: Optional[Dict[str, Any]] = None,
    exp_conf: Optional[Dict[str, Any]] = None,
    distributed: Optional[core.DistributedContext] = None,
    aggregation_frequency: int = 1,
    enable_tensorboard_logging: bool = True,
) -> Iterator[PyTorchTrialContext]:
    """What the configuration says goes before `hparams` and `exp_conf`, which are for runs elsewhere. Seeds all generators by
    the trial's seed. Joins torch's process group where the launcher has started several processes."""
    info = get_cluster_info()
    assert info is not None  # the module is there in runs alone
    joined = False
    if distributed is None and os.environ.get("USE_TORCH_DISTRIBUTED") and os.environ.get("WORLD_SIZE"):
        if int(os.environ["WORLD_SIZE"]) > 1 and not torch.distributed.is_initialized():
            torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
            joined = True
        distributed = core.DistributedContext.from_torch_distributed()
    _seed(info.trial.trial_seed)
    configuration = info.trial._config
    aggregation = aggregation_frequency
    if aggregation == 1:
        aggregation = int(configuration["optimizations"].get("aggregation_frequency") or 1)
    try:
        with core.init(distributed=distributed) as context:
            yield PyTorchTrialContext(context, info.trial.hparams or hparams or {}, configuration, aggregation)
    finally:
        if joined:
            torch.distributed.destroy_process_group()


def _seed(seed: int) -> None:
    random.seed(seed)
    torch.manual_seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)
