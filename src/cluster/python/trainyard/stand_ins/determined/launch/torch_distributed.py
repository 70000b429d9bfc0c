"""torch.distributed.run with one process for each slot of the run."""

from __future__ import annotations

import os
import sys
from typing import List

from ._slots import become, parse, slots

_USAGE = "python3 -m determined.launch.torch_distributed [TORCHRUN OPTIONS --] (--trial MODULE:CLASS | SCRIPT...)"


def command_line(arguments: List[str]) -> List[str]:
    own, command = parse(arguments, _USAGE)
    wrap = [sys.executable, "-m", "determined.launch.wrap_rank", "RANK", "--"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "1", "--nproc_per_node", str(slots())]
    # A free port, so that two runs of one host do not meet.
    torchrun += ["--rdzv_backend", "c10d", "--rdzv_endpoint", "127.0.0.1:0"]
    torchrun += ["--rdzv_id", os.environ.get("TRAINYARD_RUN_KEY") or "trainyard", "--max_restarts", "0"]
    return torchrun + own + ["--no_python"] + wrap + command


if __name__ == "__main__":
    os.environ["USE_TORCH_DISTRIBUTED"] = "True"
    os.environ.setdefault("DET_CHIEF_IP", "127.0.0.1")
    become(command_line(sys.argv[1:]))
