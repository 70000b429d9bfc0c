"""Messages between the ranks of one trial: the chief in the middle, each other rank with one connection to it.

A connection is proven by the run's key (an HMAC challenge) before anything is unpickled.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any, Dict, List, Union

_PATIENCE_S = 600.0
_RETRY_S = 0.05


class Star:
    """`address`: a path, or (host, port). Collective: every rank calls the same methods in the same order."""

    def __init__(self, address: Union[str, tuple], rank: int, size: int) -> None:
        self._rank = rank
        self._size = size
        self._workers: Dict[int, Connection] = {}
        key = (os.environ.get("TRAINYARD_RUN_KEY") or "outside a run").encode()
        if rank == 0:
            self._accept(address, key)
        else:
            self._chief = _connect(address, key, rank)

    def gather(self, stuff: Any) -> List[Any]:
        """All ranks' stuff on the chief; [] elsewhere."""
        if self._rank != 0:
            self._chief.send(stuff)
            return []
        return [stuff] + [self._receive(self._workers[rank], rank) for rank in range(1, self._size)]

    def broadcast(self, stuff: Any) -> Any:
        """The chief's stuff."""
        if self._rank != 0:
            return self._receive(self._chief, 0)
        for rank, worker in self._workers.items():
            try:
                worker.send(stuff)
            except OSError:
                raise RuntimeError("rank %d has ended" % rank) from None
        return stuff

    def close(self) -> None:
        for connection in self._workers.values() if self._rank == 0 else [self._chief]:
            connection.close()
        self._workers = {}

    def _accept(self, address: Union[str, tuple], key: bytes) -> None:
        if isinstance(address, str) and os.path.exists(address):
            os.unlink(address)  # of an earlier attempt; nobody else may write here
        with Listener(address, backlog=self._size, authkey=key) as listener:
            while len(self._workers) < self._size - 1:
                try:
                    worker = listener.accept()
                    self._workers[int(worker.recv())] = worker
                except (AuthenticationError, EOFError, ConnectionError):
                    continue  # somebody who does not know the key, or who has left

    def _receive(self, connection: Connection, rank: int) -> Any:
        try:
            return connection.recv()
        except (EOFError, OSError):
            raise RuntimeError("rank %d has ended while this one waited for it" % rank) from None


def local_path(name: str) -> str:
    """Where the ranks of one host meet: short, for a socket's path has 107 bytes, and in a folder of this account alone."""
    folder = os.path.join(tempfile.gettempdir(), "trainyard-ranks-%d" % os.getuid())
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RuntimeError("%s is not a folder of this account alone: remove it" % folder)
    name = "%s:%s" % (os.environ.get("TRAINYARD_RUN_KEY", ""), name)
    return os.path.join(folder, hashlib.sha256(name.encode()).hexdigest()[:24])


def _connect(address: Union[str, tuple], key: bytes, rank: int) -> Connection:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection = Client(address, authkey=key)
            connection.send(rank)
            return connection
        except OSError as error:
            if time.monotonic() > until:
                raise RuntimeError("rank %d cannot reach the chief at %s: %s" % (rank, address, error)) from error
            time.sleep(_RETRY_S)
