"""Stores captured files as checkpoints: copies them on the script's thread, closes, hashes and syncs them on one of its own."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time

from ..files import clone
from ..harness import checkpoints
from ..harness.values import to_json, to_step
from ..processes import is_alive, start_ticks
from . import groups, sink
from .install import parts
from .leaving import end_the_script
from .output_step import output_step
from .working import identity, working_directory

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Mapping

QUIET_S = 1.0
"""After so long without another file the open checkpoint is whole."""
QUIET_WITH_RANKS_S = 5.0
"""Where another rank may still be writing its shard."""
LOOK_EVERY_S = 0.1

_storer: Any = None
_lock = threading.RLock()  # a signal handler of the script may save, too


def storer() -> Storer:
    """The one of this process; a forked child has its own."""
    global _storer, _lock
    if _storer is None or _storer.pid != os.getpid():
        if _storer is not None:
            _lock = threading.RLock()  # it may have been held when the child was forked
        with _lock:
            if _storer is None or _storer.pid != os.getpid():
                _storer = Storer()
    return _storer


class Storer:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.is_left_to_others = False
        """Whether a framework ends the script when the pool asks."""
        self.saving = 0
        """Saves that have begun in this process and are not at their end."""
        self._run_dir = os.environ["TRAINYARD_RUN_DIR"]
        self._shared = groups.Shared(self._run_dir)
        self._run = sink.run()
        self._wake = threading.Condition()
        self._storing = threading.Lock()
        self._pending: list = []
        self._opened: str | None = None
        """The uuid of a checkpoint that this process has to close."""
        self._look_again_at = 0.0
        self._reported: Any = None
        self._thread: threading.Thread | None = None
        # The end of the interpreter, or of a child of multiprocessing, which has another one.
        atexit.register(self._at_exit)
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, self._at_exit, exitpriority=0)

    def add(self, by: str, files: list, told: Any, metadata: Mapping[str, Any], again: bool) -> None:
        """Copies files, (name, path) each, into the open checkpoint, or into a new one. `again`: those that are in the open one
        were not whole yet."""
        told = None if told is None else to_step(told)
        reported = self._run.reported_step
        if reported is None:
            reported = output_step(self._run_dir)
        with self._shared.turn() as state:
            group = state["open"]
            if group is not None:
                if len(files) > 1:  # of a folder; a single file may be saved twice within a tick of its clock
                    files = [each for each in files if not _has(group, *each)]
                if not files:
                    return
            names = [name for name, _ in files]
            if group is not None and again:
                for name in names:
                    if group["files"].pop(name, None) is not None:
                        os.unlink(os.path.join(self._files_of(group), name))
            if group is not None and not groups.fits(group, names, told, reported):
                self._close(state)
                group = None
            if group is None:
                group = self._open(state, by, reported)
            self._copy(state, group, files)
            if state["open"] is None:
                return
            group["told"] = told if group["told"] is None else group["told"]
            group["reported"] = group["reported"] if reported is None else reported
            group["metadata"].update(_storable(metadata))
            # Now: when it is stored the script may be at a later step.
            group["metrics"].update(self._run.last_metrics(_step(group)))
            group["savedAt"] = time.monotonic()
            group["createdAt"] = time.time()
            if not is_alive(group["pid"], group["ticks"]):
                group["pid"], group["ticks"] = self.pid, start_ticks(self.pid)
            if group["pid"] == self.pid:
                self._opened = group["uuid"]
        self._reported = reported
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="trainyard checkpoints", daemon=True)
                self._thread.start()
            self._wake.notify()

    def flush(self) -> None:
        """Closes the open checkpoint and stores all that is pending, before it returns."""
        if self.pid != os.getpid():
            return
        try:
            if self._opened is not None:
                with self._shared.turn() as state:
                    self._close_own(state)
            while self._pending or self._storing.locked():
                self._store_next()
        except Exception as error:
            sink.trouble("checkpoints", error)

    def _at_exit(self) -> None:
        self.is_left_to_others = True  # it ends anyway
        self.flush()

    def _open(self, state: dict, by: str, reported: Any) -> dict:
        name, files = checkpoints.reserve(self._run.checkpoint_root)
        os.makedirs(files)
        state["count"] += 1
        state["open"] = {
            "uuid": name,
            "by": by,
            "told": None,
            "reported": reported,
            "otherwise": state["step"] + state["count"],
            "files": {},
            "metadata": {},
            "metrics": {},
            "savedAt": time.monotonic(),
            "createdAt": time.time(),
            "number": state["count"],
            "pid": self.pid,
            "ticks": start_ticks(self.pid),
        }
        opened: dict = state["open"]
        return opened

    def _copy(self, state: dict, group: dict, files: list) -> None:
        folder = self._files_of(group)
        try:
            for name, path in files:
                target = os.path.join(folder, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                group["files"][name] = identity(clone(path, target))
        except OSError as error:
            state["open"] = None  # without this file it would not be whole
            self._failed(group, error)

    def _close(self, state: dict) -> None:
        """The open checkpoint is whole: its files get the names that they have now, and it is to be stored."""
        group, state["open"] = state["open"], None
        self._opened = None
        directory = working_directory()
        folder = self._files_of(group)
        for name, known in list(group["files"].items()):
            now = directory.name_now(name, known)
            if now == name:
                continue
            del group["files"][name]
            if now is None:
                os.unlink(os.path.join(folder, name))
            else:
                os.makedirs(os.path.dirname(os.path.join(folder, now)), exist_ok=True)
                os.replace(os.path.join(folder, name), os.path.join(folder, now))
                group["files"][now] = known
        if not group["files"]:  # all of it was temporary
            checkpoints.discard(folder)
            return
        with self._wake:
            self._skip_those_before(group)
            self._pending.append(group)
            self._wake.notify()

    def _skip_those_before(self, group: dict) -> None:
        """Who saves faster than can be stored gets the newest."""
        for older in [each for each in self._pending if set(each["files"]) <= set(group["files"])]:
            self._pending.remove(older)
            checkpoints.discard(self._files_of(older))
            sink.warn(
                "capture_checkpoints_skipped",
                "files are saved faster than they can be stored as checkpoints: of those that wait the newest is stored",
            )

    def _close_own(self, state: dict) -> None:
        group = state["open"]
        if group is not None and group["uuid"] == self._opened:
            self._close(state)
        self._opened = None

    def _work(self) -> None:
        while True:
            with self._wake:
                if not self._pending:
                    self._wake.wait(LOOK_EVERY_S if self._opened is not None else None)
            try:
                self._look()
                self._store_next()
            except Exception as error:
                sink.trouble("checkpoints", error)

    def _look(self) -> None:
        """Closes the open checkpoint when its time has come."""
        is_later = groups.is_later(self._run.reported_step, self._reported)
        if self._opened is None or not is_later and (self.saving or time.monotonic() < self._look_again_at):
            return
        try:
            with self._shared.turn(0.0) as state:
                group = state["open"]
                until = 0.0 if group is None or is_later else group["savedAt"] + _quiet_s()
                if time.monotonic() >= until:
                    self._close_own(state)
                else:
                    self._look_again_at = until
        except groups.Busy:
            pass

    def _store_next(self) -> None:
        with self._storing:
            with self._wake:
                group = self._pending.pop(0) if self._pending else None
            if group is not None:
                self._store(group)
        if group is not None and self._may_leave():
            end_the_script("a checkpoint is stored, and the pool asks to leave")

    def _store(self, group: dict) -> None:
        try:
            with self._shared.turn() as state:
                others, left_out = groups.beside(state["newest"], group["files"], working_directory().has)
            if left_out:
                sink.warn("capture_beside", "%d older files are not put back at a restart: too many to remember" % left_out)
            metadata = {**group["metadata"], "captured": {"by": group["by"], "beside": others}}
            self._run.complete_checkpoint(group["uuid"], self._files_of(group), _step(group), metadata, group["metrics"], group["createdAt"])
        except Exception as error:
            self._failed(group, error)
            return
        with self._shared.turn() as state:
            groups.remember(state, group, working_directory().has)

    def _failed(self, group: dict, error: Exception) -> None:
        if self._run.checkpoint_failed(self._files_of(group), _step(group), error) is None:
            sink.trouble(group["by"], error)

    def _files_of(self, group: dict) -> str:
        return os.path.join(self._run.checkpoint_root, group["uuid"], "files")

    def _may_leave(self) -> bool:
        run = self._run
        if self.is_left_to_others or run.looks_itself or "preemption" not in parts():
            return False
        return bool(run.is_asked_to_stop())


def _quiet_s() -> float:
    distributed = sys.modules.get("torch.distributed")
    try:
        is_alone = os.environ.get("WORLD_SIZE", "1") == "1" and not (distributed and distributed.is_initialized())
    except Exception:  # half-imported, or of another version
        is_alone = True
    return QUIET_S if is_alone else QUIET_WITH_RANKS_S


def _has(group: dict, name: str, path: str) -> bool:
    """Whether that file is in it as it is now: who saves a folder may save a part of it before."""
    try:
        return bool(group["files"].get(name) == identity(os.stat(path)))
    except OSError:
        return False


def _step(group: dict) -> Any:
    for step in (group["told"], group["reported"]):
        if step is not None:
            return step
    return group["otherwise"]


def _storable(metadata: Mapping[str, Any]) -> dict:
    """What JSON can hold."""
    found = {}
    for name, value in metadata.items():
        try:
            found[str(name)] = to_json(value)
        except TypeError:
            pass
    return found
