"""What a reader finds, whatever the file is."""

from __future__ import annotations

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Mapping


class Scalars:
    """Numbers of one moment. `time` in seconds since the epoch, None where the file does not say; `group` None: by name."""

    __slots__ = ("group", "step", "time", "values")

    def __init__(self, time: float | None, step: float | int, values: Mapping[str, Any], group: str | None = None) -> None:
        self.time = time
        self.step = step
        self.values = values
        self.group = group


class Hyperparameters:
    """Parameters as the script told them, {name: JSON}; a later one adds to those before."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values


class About:
    """What the file says of its run; None and empty where it does not. Times in seconds since the epoch."""

    __slots__ = ("ended_at", "labels", "name", "notes", "started_at")

    def __init__(
        self,
        name: str | None = None,
        labels: list | None = None,
        notes: str | None = None,
        started_at: float | None = None,
        ended_at: float | None = None,
    ) -> None:
        self.name = name
        self.labels = labels or []
        self.notes = notes
        self.started_at = started_at
        self.ended_at = ended_at


class Problem:
    """What could not be read, in a few words for a person."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message
