"""wandb: what is logged, with its step or the metric that is its axis; configuration, name, tags, notes, summary."""

from __future__ import annotations

import os
from typing import Any
from weakref import WeakKeyDictionary

from .. import sink
from ..wrap import after, after_set, argument
from .several import Runs, is_first, nested

SOURCE = "wandb"
_MAX_NAMES = 10_000
_runs = Runs()
_states: WeakKeyDictionary = WeakKeyDictionary()


class _State:
    """Of one W&B run in this process."""

    def __init__(self, run: Any) -> None:
        self.title = _name(run)
        """What the script calls it."""
        self.prefix = _runs.prefix(str(getattr(run, "id", id(run))), self.title)
        self.names: set = set()
        """What was logged: the summary has their last values, which say nothing new."""
        self.axes: dict = {}
        self.globs: dict = {}
        """Metric, or the start of its name, to the metric that is its axis."""
        self.last: dict = {}
        """The last value of each axis."""

    def axis(self, name: str) -> str | None:
        if name in self.last:
            return name
        if name in self.axes:
            return self.axes[name]
        starts = [start for start in self.globs if name.startswith(start)]
        return self.globs[max(starts, key=len)] if starts else None


def wrap_init(module: Any) -> None:
    after(module, "init", SOURCE, _init)


def wrap_init_config(module: Any) -> None:
    after(module, "init", SOURCE, _init_config)


def wrap_log(module: Any) -> None:
    after(module.Run, "_log", SOURCE, _log)
    after(module.Run, "_define_metric", SOURCE, _define_metric)


def wrap_names(module: Any) -> None:
    after_set(module.Run, "name", SOURCE, _renamed)
    after_set(module.Run, "tags", SOURCE, _described)
    after_set(module.Run, "notes", SOURCE, _described)


def wrap_summary(module: Any) -> None:
    after(module.Run, "_summary_update_callback", SOURCE, _summary)


def wrap_config(module: Any) -> None:
    after(module.Run, "_config_callback", SOURCE, _config)


def wrap_disabled(module: Any) -> None:
    """WANDB_MODE=disabled, whose runs swallow everything and count no steps."""
    after(module.NoopRun, "log", SOURCE, _log)
    after(module.NoopRun, "define_metric", SOURCE, _define_metric)


def _state(run: Any) -> _State:
    state = _states.get(run)
    if state is None:
        state = _states[run] = _State(run)
    return state


def _init(result: Any, args: tuple, kwargs: dict) -> None:
    state = _state(result)
    state.title = state.title or kwargs.get("name") or os.environ.get("WANDB_NAME")
    _tell(result, kwargs.get("tags"), kwargs.get("notes"))


def _tell(run: Any, tags: Any, notes: Any) -> None:
    state = _state(run)
    if is_first(state.prefix):
        tags = (tags,) if isinstance(tags, str) else tuple(tags or ())
        sink.library(SOURCE, sink.version_of("wandb"), state.title, tags, notes or None)


def _name(run: Any) -> str | None:
    """What the script calls it: W&B itself makes up a name, but for runs that are offline."""
    return run.name if getattr(run, "offline", False) else None


def _renamed(result: Any, args: tuple, kwargs: dict) -> None:
    _state(args[0]).title = str(args[1])
    _described(result, args, kwargs)


def _described(result: Any, args: tuple, kwargs: dict) -> None:
    _tell(args[0], args[0].tags, args[0].notes)


def _log(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, data, step=None, commit=None)
    run = args[0]
    state = _states.get(run) or _state(run)
    data = argument(args, kwargs, 1, "data")
    step = argument(args, kwargs, 2, "step")
    if step is None:
        step = getattr(run, "_local_step", None)
        if step is None:
            step = getattr(run, "_step", None)
        if step is not None and argument(args, kwargs, 3, "commit") in (None, True):
            step -= 1  # it counts on when it has logged
        if step is not None and step < 0:
            step = None  # a disabled run does not count
    if any(isinstance(value, dict) for value in data.values()):
        data = dict(_flat(data))
    if len(state.names) < _MAX_NAMES:
        state.names.update(data)
    if state.globs or state.axes:
        _along_axes(state, data, step)
    else:
        _report(state, data, step)


def _flat(data: dict, where: str = "", depth: int = 0) -> list:
    found = []
    for name, value in data.items():
        if isinstance(value, dict) and depth < 8:
            found += _flat(value, "%s%s." % (where, name), depth + 1)
        else:
            found.append((where + str(name), value))
    return found


def _along_axes(state: _State, data: dict, step: Any) -> None:
    """The metrics of one axis together, and the axis's own value with them."""
    for axis in state.last:
        value = data.get(axis)
        if isinstance(value, (int, float)) and value - value == 0:
            state.last[axis] = value
    by_axis: dict = {}
    for name, value in data.items():
        by_axis.setdefault(state.axis(name), {})[name] = value
    for axis, values in by_axis.items():
        at = None if axis is None else state.last.get(axis)
        _report(state, values, step if at is None else at)


def _report(state: _State, values: dict, step: Any) -> None:
    if state.prefix:
        values = {state.prefix + name: value for name, value in values.items()}
    sink.scalars(SOURCE, values, step)


def _define_metric(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, name, step_metric=None, ...)
    state = _state(args[0])
    name = argument(args, kwargs, 1, "name")
    axis = argument(args, kwargs, 2, "step_metric")
    axis = getattr(axis, "name", axis)
    if type(axis) is not str or len(state.axes) + len(state.globs) >= _MAX_NAMES:
        return
    state.last.setdefault(axis, None)
    if name.endswith("*"):
        state.globs[name[:-1]] = axis
    else:
        state.axes[name] = axis


def _summary(result: Any, args: tuple, kwargs: dict) -> None:
    # (self, summary_record)
    state = _state(args[0])
    values = {}
    for item in argument(args, kwargs, 1, "summary_record").update:
        name = ".".join(str(part) for part in item.key)
        if name not in state.names:
            values.update(_flat({name: item.value}))
    step = getattr(args[0], "_local_step", getattr(args[0], "_step", 0))
    _report(state, values, max(0, step - 1))


def _init_config(result: Any, args: tuple, kwargs: dict) -> None:
    _adopt(result)


def _config(result: Any, args: tuple, kwargs: dict) -> None:
    _adopt(args[0])


def _adopt(run: Any) -> None:
    config = {name: value for name, value in run.config.items() if name != "_wandb"}
    if config:
        sink.parameters(SOURCE, nested(_state(run).prefix, config))
