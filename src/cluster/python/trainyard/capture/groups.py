"""What the processes of a run know together of its captured checkpoints, in a file of which each takes turns: the checkpoint
that is open, and in which checkpoint the newest state of each saved file is."""

from __future__ import annotations

import contextlib
import os
import threading

from ..files import encode, read_json, try_to_lock, write_json

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterator

PUT_BACK = "put-back.json"
"""Written by the supervisor (supervising/put_back.py): what this run goes on from."""
MAX_BESIDE_BYTES = 32 * 1024
_STATE = ".capture.json"
_PATIENCE_S = 60.0


class Busy(Exception):
    pass


class Shared:
    def __init__(self, run_dir: str) -> None:
        self._run_dir = run_dir
        self._path = os.path.join(run_dir, _STATE)
        self._taking: set = set()
        """Threads that wait for their turn, or have it."""

    @contextlib.contextmanager
    def turn(self, patience_s: float = _PATIENCE_S) -> Iterator[dict]:
        """The state, which is written at the end. Raises Busy when others keep their turn for all of `patience_s`, and at
        once for a signal handler that saves in the middle of its own thread's turn."""
        import fcntl

        thread = threading.get_ident()
        if thread in self._taking:
            raise Busy("it was saved while another file was being captured")
        self._taking.add(thread)
        lock = -1
        try:
            lock = os.open(self._path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            if not try_to_lock(lock, patience_s):
                raise Busy("other processes of the run are still copying their files")
            state = self._read()
            before = encode(state)
            try:
                yield state
            finally:
                if encode(state) != before:
                    write_json(self._path, state)
        finally:
            self._taking.discard(thread)
            if lock >= 0:
                # Not only closed: a child that was forked meanwhile has the lock, too.
                fcntl.flock(lock, fcntl.LOCK_UN)
                os.close(lock)

    def _read(self) -> dict:
        try:
            return read_json(self._path)
        except (OSError, ValueError):
            pass
        state: dict = {"version": 1, "open": None, "count": 0, "newest": {}, "numbers": {}, "step": 0}
        try:
            put_back = read_json(os.path.join(self._run_dir, PUT_BACK))
            state.update(newest=dict(put_back["files"]), step=put_back["step"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return state


def fits(group: dict, names: list, told: Any, reported: Any) -> bool:
    """Whether files belong to the checkpoint that is open: saved for the same step, none of them a second time."""
    if any(name in group["files"] for name in names):
        return False
    if told is not None and group["told"] is not None:
        return bool(told == group["told"])
    return not is_later(reported, group["reported"])


def is_later(reported: Any, than: Any) -> bool:
    """Whether a metric at a later step was reported since."""
    return reported is not None and (than is None or reported > than)


def remember(state: dict, group: dict, has: Any) -> None:
    """Where the newest state of each of a stored checkpoint's files is: in it, unless another process has stored a later one
    before. Those that were saved last come last."""
    numbers = state["numbers"]
    own = [name for name in group["files"] if numbers.get(name, 0) <= group["number"]]
    others = {name: uuid for name, uuid in state["newest"].items() if name not in own and has(name)}
    state["newest"] = {**others, **dict.fromkeys(own, group["uuid"])}
    kept = {**numbers, **dict.fromkeys(own, group["number"])}
    state["numbers"] = {name: number for name, number in kept.items() if name in state["newest"]}


def beside(newest: dict, own: Any, has: Any) -> tuple:
    """Of the files that still exist, and are not among `own`: in which checkpoint each is. As many as a manifest can hold, those
    that were saved last; and how many were left out. Order: the oldest first."""
    found: list = []
    size = 0
    others = [(name, uuid) for name, uuid in newest.items() if name not in own and has(name)]
    for name, uuid in reversed(others):
        size += len(encode({name: uuid}))
        if size > MAX_BESIDE_BYTES:
            break
        found.append((name, uuid))
    return dict(reversed(found)), len(others) - len(found)
