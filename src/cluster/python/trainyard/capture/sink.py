"""Where all that is captured goes: the run of this process, made when there is something to say.

A name of a metric belongs to the library that reported it first, or to the script itself (run.report): a second library
that is told the same numbers adds nothing.
"""

from __future__ import annotations

import threading

from ..metric_names import group_of, stored_name

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Mapping

MAX_NAMES = 10_000


class _Inside(threading.local):
    busy = False


_inside = _Inside()
_lock = threading.RLock()
_run: Any = None
_places: dict = {}
"""Of each name as the library gave it: who owns it, the group, and the name as it is stored."""
_steps: dict = {}
_silent: set = set()
_said: set = set()
step: Any = None
"""Where training stands, while a framework that counts its steps trains: for files that are saved between two reports."""
_never_numbers: set = set()
"""Types of which one was found to be no number, whatever its value."""
_libraries: dict = {}


def enter() -> bool:
    """From here on this thread is inside a captured function; returns whether it was before."""
    was = _inside.busy
    _inside.busy = True
    return was


def leave(was: bool) -> None:
    _inside.busy = was


def is_inside() -> bool:
    """Whether this thread is inside a captured function: what is reported here is reported by that one."""
    return _inside.busy


def run() -> Any:
    """The run of this process."""
    global _run
    if _run is None:
        from ..harness import api

        _run = api.init()
    return _run


def scalar(source: str, name: str, value: Any, step: Any = None, group: str | None = None) -> None:
    """One metric. `step` None: one more than the last of that name. `group` None: by the name (val, valid, validation, test
    and eval are `validation`)."""
    place = _places.get(name)
    if place is None:
        place = _claim(source, name, group)
    if place[0] != source:
        return
    if type(value) is not float:
        value = _number(source, name, value)
        if value is None:
            return
    if step is None:
        step = _steps.get(name, -1) + 1
        _steps[name] = step
    (_run or run()).report(step, {place[2]: value}, place[1])


def scalars(source: str, values: Mapping[str, Any], step: Any = None, group: str | None = None) -> None:
    """Several metrics at one step; one event for each group."""
    groups: dict = {}
    for name, value in values.items():
        name = name if type(name) is str else str(name)
        place = _places.get(name) or _claim(source, name, group)
        if place[0] != source:
            continue
        value = value if type(value) is float else _number(source, name, value)
        if value is not None:
            groups.setdefault(place[1], {})[place[2]] = value
    if not groups:
        return
    if step is None:
        step = _steps.get(source, -1) + 1
        _steps[source] = step
    for group_name, of_group in groups.items():
        (_run or run()).report(step, of_group, group_name)


def silence(source: str) -> None:
    """The script has a callback of its own for what that library is told: its metrics are not captured beside it."""
    _silent.add(source)


def parameters(source: str, values: Mapping[str, Any], origin: str = "captured") -> None:
    """Hyperparameters as a library was told them. What the configuration or the script itself gave stays."""
    run().adopt_parameters(values, origin)


def progress(fraction: float, guessed: bool = False) -> None:
    """How much of the training is done, 0 to 1. `guessed`: from a bar, say; left out once the script or its framework has
    told it."""
    current = run()
    if guessed and current.tells_progress:
        return
    current.progress(fraction)
    current.tells_progress = not guessed


def library(
    name: str, version: str, run_name: str | None = None, labels: tuple = (), notes: str | None = None
) -> None:
    """That a library is captured, and what the script calls its run there: said once, and again when the name is known."""
    about = (version, run_name, tuple(labels), notes)
    if _libraries.get(name) != about:
        _libraries[name] = about
        run().captured(name, version, run_name, list(labels), notes)


def warn(code: str, message: str) -> None:
    """Shown on the run, once for each code."""
    with _lock:
        if code in _said or len(_said) >= 1000:
            return
        _said.add(code)
    run().warn(code, message)


def trouble(source: str, error: BaseException) -> None:
    """Something of ours failed: training goes on."""
    try:
        warn("capture %.60s" % source, "something that the script told %s was not captured: %r" % (source, error))
    except Exception:
        pass


def cannot_hook(module: str, error: BaseException) -> None:
    """A version of a library that we do not know."""
    try:
        version = version_of(module.partition(".")[0])
        warn(
            "capture %.60s" % module,
            "a part of %s %s is not captured: this version is not known to Trainyard (%r)" % (module, version, error),
        )
    except Exception:
        pass


def version_of(package: str) -> str:
    import sys

    return str(getattr(sys.modules.get(package), "__version__", "of an unknown version"))


def _claim(source: str, name: str, group: str | None) -> tuple:
    with _lock:
        stored = stored_name(name)
        place = (source, group or group_of(name), stored)
        if source in _silent or run().reports_itself(stored, place[1]):
            place = ("the script", place[1], stored)
        if len(_places) < MAX_NAMES:
            _places[name] = place
        return place


def _number(source: str, name: str, value: Any) -> Any:
    """A float or an int, or None for what is not one number: a picture, a text, a table."""
    if type(value) is int:
        return value
    kind = type(value)
    if kind in _never_numbers:
        return None
    from ..harness.values import to_number

    try:
        return to_number(float(value) if isinstance(value, bool) else value)
    except Exception as error:
        if not hasattr(kind, "item") and not hasattr(kind, "__float__") and len(_never_numbers) < 1000:
            _never_numbers.add(kind)  # its text, which may be long, is not made again
        warn(
            "capture_value %.60s" % source,
            "what is not one number is left out of what %s reports (the first: %.80r, %.200s)" % (source, name, error),
        )
        return None
