"""How the metrics of batches, and of ranks, become one number."""

from __future__ import annotations

import abc
import enum
from typing import Any, Callable, Dict, List, Union


class Reducer(enum.Enum):
    AVG = 1
    SUM = 2
    MAX = 3
    MIN = 4


class MetricReducer(abc.ABC):
    """Keeps what it is given while batches are evaluated, and makes one metric of it at their end."""

    @abc.abstractmethod
    def reset(self) -> None: ...

    @abc.abstractmethod
    def per_slot_reduce(self) -> Any:
        """What this rank has, to be sent to the chief."""

    @abc.abstractmethod
    def cross_slot_reduce(self, per_slot_metrics: List[Any]) -> Any:
        """The metric, of what each rank has sent."""


class SimpleMetricReducer(MetricReducer):
    """One function of all values that update() was given in all ranks."""

    def __init__(self, function: Callable[[List[Any]], Any]) -> None:
        self._function = function
        self._updates: List[Any] = []

    def update(self, value: Any) -> None:
        self._updates.append(value)

    def reset(self) -> None:
        self._updates = []

    def per_slot_reduce(self) -> Any:
        return self._updates

    def cross_slot_reduce(self, per_slot_metrics: List[Any]) -> Any:
        return self._function([value for part in per_slot_metrics for value in part])


Reducers = Union[Reducer, Dict[str, Reducer]]


def reduce_metrics(batches: List[Dict[str, Any]], how: Reducers = Reducer.AVG) -> Dict[str, Any]:
    """One number for each name that the batches have."""
    names = list(dict.fromkeys(name for batch in batches for name in batch))
    found = {}
    for name in names:
        values = [batch[name] for batch in batches if name in batch]
        kind = how.get(name, Reducer.AVG) if isinstance(how, dict) else how
        if kind is Reducer.AVG:
            found[name] = sum(values) / len(values)
        else:
            found[name] = {Reducer.SUM: sum, Reducer.MAX: max, Reducer.MIN: min}[kind](values)
    return found
