"""Where a step's time goes, of this process: a `system` event every two seconds with what waited for data, and what was spent
saving checkpoints. Nothing is done per step but two readings of the clock."""

from __future__ import annotations

from time import monotonic

from . import sink

EVERY_S = 2.0

_began = 0.0
_steps = 0
_waited_s = 0.0
_saved_s = 0.0
_is_waiting = False


def enter() -> bool:
    """Waiting for a loader begins; True when it had begun already: a loader that reads from another one."""
    global _is_waiting
    was = _is_waiting
    _is_waiting = True
    return was


def waited(began: float, ended: float) -> None:
    """A loader has given the next batch, or its end. Never raises."""
    global _is_waiting, _steps, _waited_s, _began
    _is_waiting = False
    _steps += 1
    _waited_s += ended - began
    if ended - _began >= EVERY_S:
        if _began == 0.0:  # the first batch, for which workers had to be started
            _restart(ended)
        else:
            try:
                _tell(ended)
            except Exception as error:
                sink.trouble("step times", error)
                _restart(ended)


def saved_for(seconds: float) -> None:
    """So long the script has been saving."""
    global _saved_s
    _saved_s += seconds


def _tell(now: float) -> None:
    run = sink.run()
    if run.rank == 0:
        whole = now - _began
        run.system(
            {
                "data_wait_percent": _percent(_waited_s, whole),
                "checkpoint_percent": _percent(_saved_s, whole),
                "step_ms": round(1000 * whole / _steps, 3),
            }
        )
    _restart(now)


def _restart(now: float) -> None:
    global _began, _steps, _waited_s, _saved_s
    _began, _steps, _waited_s, _saved_s = now, 0, 0.0, 0.0


def _percent(part: float, whole: float) -> float:
    return round(min(100.0, 100 * part / whole), 1)
