"""DataLoader: torch's arguments, and a loader made of it for each rank, which can begin where a checkpoint was."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Union

import torch
import torch.utils.data

TorchData = Union[Dict[str, torch.Tensor], List[torch.Tensor], torch.Tensor]


class DataLoader:
    """Takes what torch.utils.data.DataLoader takes. Shuffles by the trial's seed, differently in each epoch."""

    def __init__(
        self, dataset: Any, batch_size: Optional[int] = 1, shuffle: bool = False, sampler: Any = None,
        batch_sampler: Any = None, num_workers: int = 0, collate_fn: Any = None, pin_memory: bool = False,
        drop_last: bool = False, timeout: float = 0, worker_init_fn: Any = None, multiprocessing_context: Any = None,
        generator: Any = None, *, prefetch_factor: Optional[int] = None, persistent_workers: bool = False,
    ) -> None:  # fmt: skip
        if isinstance(dataset, torch.utils.data.IterableDataset):
            raise TypeError(
                "determined.pytorch.DataLoader takes no IterableDataset: return a torch.utils.data.DataLoader of it, after "
                "context.experimental.disable_dataset_reproducibility_checks()"
            )
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError("batch_sampler takes the place of batch_size, shuffle, sampler and drop_last")
        if sampler is not None and shuffle:
            raise ValueError("sampler takes the place of shuffle")
        self.dataset = dataset
        self.batch_size = batch_size
        self._shuffle = shuffle
        self._sampler = sampler
        self._batch_sampler = batch_sampler
        self._drop_last = drop_last
        self._options: Dict[str, Any] = {
            "num_workers": num_workers,
            "collate_fn": collate_fn,
            "pin_memory": pin_memory,
            "timeout": timeout,
            "worker_init_fn": worker_init_fn,
            "multiprocessing_context": multiprocessing_context,
            "generator": generator,
        }
        if num_workers > 0:
            self._options["persistent_workers"] = persistent_workers
            if prefetch_factor is not None:
                self._options["prefetch_factor"] = prefetch_factor

    def batches(self) -> int:
        """Of all ranks, in one epoch."""
        if self._batch_sampler is not None:
            return len(self._batch_sampler)
        count, size = len(self._sampler if self._sampler is not None else self.dataset), self.batch_size or 1
        return count // size if self._drop_last else -(-count // size)

    def for_training(self, rank: int, size: int, skip: int, seed: int) -> Any:
        """Without end. `skip`: batches of this rank that were trained on already."""
        return self._loader(_Endless(self, rank, size, skip, seed), seed + skip)

    def for_validation(self, rank: int, size: int) -> Any:
        return self._loader(_Part(self, rank, size), 0)

    def epoch(self, number: int, seed: int) -> Iterator[List[int]]:
        """The batches of all ranks, as lists of indexes."""
        if self._batch_sampler is not None:
            return iter(self._batch_sampler)
        order: Any = self._sampler
        if order is None:
            order = range(len(self.dataset))
            if self._shuffle:
                own = torch.Generator()
                own.manual_seed(seed + number)
                order = torch.randperm(len(self.dataset), generator=own).tolist()
        return iter(torch.utils.data.BatchSampler(order, self.batch_size or 1, self._drop_last))

    def _loader(self, batch_sampler: Any, seed: int) -> Any:
        options = dict(self._options)
        if options["generator"] is None:
            # Else each loader takes a number of torch's own generator, and a continued trial would differ from a whole one.
            options["generator"] = torch.Generator()
            options["generator"].manual_seed(seed)
        return torch.utils.data.DataLoader(self.dataset, batch_sampler=batch_sampler, **options)


class _Endless(torch.utils.data.Sampler):
    """All ranks get as many batches of an epoch: what cannot be divided is left out."""

    def __init__(self, data: DataLoader, rank: int, size: int, skip: int, seed: int) -> None:
        self._data, self._rank, self._size, self._skip, self._seed = data, rank, size, skip, seed

    def __iter__(self) -> Iterator[List[int]]:
        each = max(1, self._data.batches() // self._size)
        epoch, begin = divmod(self._skip, each)
        while True:
            for index, batch in enumerate(self._data.epoch(epoch, self._seed)):
                number, whose = divmod(index, self._size)
                if whose == self._rank and begin <= number < each:
                    yield batch
            epoch, begin = epoch + 1, 0


class _Part(torch.utils.data.Sampler):
    """Every batch in one of the ranks."""

    def __init__(self, data: DataLoader, rank: int, size: int) -> None:
        self._data, self._rank, self._size = data, rank, size

    def __iter__(self) -> Iterator[List[int]]:
        for index, batch in enumerate(self._data.epoch(0, 0)):
            if index % self._size == self._rank:
                yield batch

    def __len__(self) -> int:
        return (self._data.batches() - self._rank + self._size - 1) // self._size


def endless(loader: Any, skip: int) -> Iterator[Any]:
    """A loader of the script's own, again and again; what was trained on already is read and left."""
    while True:
        count = 0
        for batch in loader:
            count += 1
            if skip > 0:
                skip -= 1
                continue
            yield batch
        if count == 0:
            raise ValueError("the training data loader has no batches")
