"""supervisor.json: who watches this run, so that others can tell whether it is alive."""

from __future__ import annotations

import fcntl
import os
import time

from ..files import create_json, read_json, write_json
from ..processes import boot_id, host, is_alive, start_ticks


class Occupied(Exception):
    """Someone else watches, or watched, this run."""


class Identity:
    def __init__(self, run_dir: str) -> None:
        self._path = os.path.join(run_dir, "supervisor.json")
        self._lock = os.open(os.path.join(run_dir, ".supervisor.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            # Held for life: two adopters cannot both win, and the lock is free when its holder is dead.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Occupied("another supervisor watches this run") from None
        except OSError:
            pass  # a file system without flock: supervisor.json alone decides
        now = time.time()
        pid = os.getpid()
        self.content = {
            "version": 1,
            "host": host(),
            "bootId": boot_id(),
            "pid": pid,
            "startTicks": start_ticks(pid),
            "script": None,
            "startedAt": now,
            "heartbeatAt": now,
            "adopted": False,
        }

    def create(self) -> None:
        try:
            create_json(self._path, self.content)
        except FileExistsError:
            raise Occupied("this run already had a supervisor; --adopt takes over from a dead one") from None

    def adopt(self) -> tuple | None:
        """Takes over from a dead supervisor. Returns the living script's pid and start ticks, or None."""
        former = read_json(self._path)
        same_machine = former.get("host") == self.content["host"] and former.get("bootId") == self.content["bootId"]
        if former.get("host") != self.content["host"]:
            raise Occupied("this run's supervisor is on the host %s" % former.get("host"))
        if same_machine and is_alive(int(former["pid"]), int(former["startTicks"])):
            raise Occupied("this run's supervisor is alive (process %s)" % former["pid"])
        self.content["adopted"] = True
        self.content["script"] = former.get("script")
        self.content["startedAt"] = former.get("startedAt", self.content["startedAt"])
        write_json(self._path, self.content)
        script = former.get("script")
        if same_machine and script and is_alive(int(script["pid"]), int(script["startTicks"])):
            return int(script["pid"]), int(script["startTicks"])
        return None

    def script_started(self, pid: int) -> None:
        self.content["script"] = {"pid": pid, "startTicks": start_ticks(pid)}
        self.content["startedAt"] = time.time()
        self.heartbeat()

    def heartbeat(self) -> None:
        self.content["heartbeatAt"] = time.time()
        try:
            write_json(self._path, self.content)
        except OSError:
            os.utime(self._path)  # needs no room: servers on other hosts go by its time, and would take us for dead
            raise
