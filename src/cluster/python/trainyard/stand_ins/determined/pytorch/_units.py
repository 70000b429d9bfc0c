"""Lengths of training: Batch(100), Epoch(3), Record(5000)."""

from __future__ import annotations

from typing import Any, Optional


class TrainUnit:
    def __init__(self, value: int) -> None:
        if not isinstance(value, int) or value < 0:
            raise ValueError("%s(%r): a whole number, not less than 0" % (type(self).__name__, value))
        self.value = value

    def in_batches(self, epoch_length: int, global_batch_size: Optional[int]) -> int:
        """`epoch_length`: batches of an epoch, of each rank."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "%s(%d)" % (type(self).__name__, self.value)


class Batch(TrainUnit):
    def in_batches(self, epoch_length: int, global_batch_size: Optional[int]) -> int:
        return self.value


class Epoch(TrainUnit):
    def in_batches(self, epoch_length: int, global_batch_size: Optional[int]) -> int:
        return self.value * epoch_length


class Record(TrainUnit):
    def in_batches(self, epoch_length: int, global_batch_size: Optional[int]) -> int:
        if not global_batch_size:
            raise ValueError("Record(%d) needs the hyperparameter global_batch_size" % self.value)
        return self.value // global_batch_size if self.value else 0


def unit_of(length: Any) -> Optional[TrainUnit]:
    """From a configuration's {batches: 100}, or a bare number of batches. None for none, or for 0. ValueError for all else."""
    if length is None:
        return None
    if not isinstance(length, dict):
        length = {"batches": length}
    kinds = {"batches": Batch, "epochs": Epoch, "records": Record}
    if not set(length) <= set(kinds):
        raise ValueError("a length is {batches: N}, {epochs: N} or {records: N}, not %r" % (length,))
    for name, value in length.items():
        if value:
            return kinds[name](int(value))
    return None
