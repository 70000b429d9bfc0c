"""TorchWriter: PyTorch's SummaryWriter in the folder that context.train.get_tensorboard_path() gives."""

from __future__ import annotations

import os
from typing import Any

from torch.utils.tensorboard import SummaryWriter


class TorchWriter:
    def __init__(self) -> None:
        self.writer = SummaryWriter(log_dir=os.path.join(os.getcwd(), "tensorboard"))

    def add_scalar(self, name: str, value: Any, step: int) -> None:
        self.writer.add_scalar(name, value, step)

    def reset(self) -> None:
        self.writer.flush()
