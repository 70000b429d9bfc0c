"""Slots are leased from the host: one flock for each slot in a sticky folder that all accounts share.

The kernel frees a lease when the last descriptor is closed, so a slot stays taken as long as anyone of the tree that
inherited it lives, and is free the moment they are gone, whatever became of the supervisor.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time

from ..files import read_json, write_all

DEFAULT_FOLDER = "/tmp/trainyard-leases"
HEARTBEAT_S = 5


class LeaseError(Exception):
    """A slot cannot be had; the message says who holds it or what is wrong with the folder."""


def take(folder: str, names: list[str], holder: dict) -> list[int]:
    """Takes all leases or none. Returns their descriptors, inheritable by an exec."""
    taken: list[int] = []
    try:
        _make_folder(folder)
        for name in sorted(names):
            taken.append(_take_one(os.path.join(folder, name), name, holder))
    except BaseException:
        release(taken)
        raise
    return taken


class Held:
    """The leases of one run, for as long as anyone of its tree lives. Who inherited one holds it, but children that
    closed every descriptor hold none, and a file can be deleted: each that is missing is taken the moment it can be,
    so that no slot is free as long as anyone of the tree computes."""

    def __init__(self, folder: str, names: list[str], holder: dict) -> None:
        self._folder = folder
        self._names = sorted(names)
        self._holder = dict(holder, heartbeatS=HEARTBEAT_S)
        self._descriptors: dict[str, int] = {}

    def take(self) -> None:
        """Takes all or none. Raises LeaseError."""
        descriptors = take(self._folder, self._names, self._holder)
        self._descriptors = dict(zip(self._names, descriptors))

    def take_missing(self) -> None:
        for name in self._missing():
            try:
                self._descriptors[name] = take(self._folder, [name], self._holder)[0]
            except LeaseError:
                pass  # held by the tree itself, or by whoever was faster

    def beat(self) -> None:
        """Tells everyone who can see the files that this holder answers; it also keeps cleaners of /tmp away from them.
        A lease whose file was deleted all the same is taken anew: else the next one would take that slot, too."""
        for name, fd in list(self._descriptors.items()):
            if _is_still_there(fd, os.path.join(self._folder, name)):
                os.utime(fd)
            else:
                os.close(self._descriptors.pop(name))
        self.take_missing()
        for name in self._missing():
            if self._is_ours(name):
                os.utime(os.path.join(self._folder, name))

    def with_the_tree(self) -> list[str]:
        """Files of leases that this process could not get, because processes of this very run have them."""
        self.take_missing()
        return [os.path.join(self._folder, name) for name in self._missing() if self._is_ours(name)]

    def release(self) -> None:
        release(list(self._descriptors.values()))
        self._descriptors = {}

    def _missing(self) -> list[str]:
        return [name for name in self._names if name not in self._descriptors]

    def _is_ours(self, name: str) -> bool:
        try:
            holder = read_json(os.path.join(self._folder, name))
        except (OSError, ValueError):
            return False
        return all(holder.get(key) == self._holder[key] for key in ("host", "pool", "run"))


def release(descriptors: list[int]) -> None:
    # Closed, never LOCK_UN: unlocking would also free it for those who inherited the descriptor.
    for fd in descriptors:
        try:
            os.ftruncate(fd, 0)  # who looks where not all locks can be seen (in a container) goes by the holder's word
        except OSError:
            pass
        os.close(fd)


def _make_folder(folder: str) -> None:
    before = os.umask(0)
    try:
        os.mkdir(folder, 0o1777)  # the sticky bit in mkdir: never a moment without it
    except FileExistsError:
        pass
    except OSError as error:
        raise LeaseError("cannot create the folder of the slot leases %s: %s" % (folder, error.strerror)) from None
    finally:
        os.umask(before)
    info = os.lstat(folder)
    if not stat.S_ISDIR(info.st_mode):
        raise LeaseError("%s should be the folder of the slot leases, but is not a folder; move it away" % folder)
    shared = info.st_mode & 0o022
    if shared and not info.st_mode & stat.S_ISVTX and info.st_uid not in (0, os.geteuid()):
        raise LeaseError(
            "the folder of the slot leases %s belongs to another account and is not sticky, so leases in it could be "
            "taken away; ask its owner to run: chmod 1777 %s" % (folder, folder)
        )


def _take_one(path: str, name: str, holder: dict) -> int:
    for _ in range(100):
        fd = _open(path, name)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = _who(fd)
            os.close(fd)
            if isinstance(error, BlockingIOError):
                raise LeaseError("slot %s is held%s" % (name, text)) from None
            raise LeaseError("cannot lock the lease %s: %s" % (path, error.strerror)) from None
        if _is_still_there(fd, path):
            _write_holder(fd, holder)
            os.set_inheritable(fd, True)
            return fd
        os.close(fd)  # someone deleted the file between our open and our lock
        time.sleep(0.001)
    raise LeaseError("the lease %s keeps disappearing; does something clean its folder?" % path)


def _open(path: str, name: str) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        try:
            # Without O_CREAT first: in a sticky folder the kernel refuses it for another account's file.
            return os.open(path, flags)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise LeaseError("cannot open the lease %s of slot %s: %s" % (path, name, error.strerror)) from None
        before = os.umask(0)
        try:
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        except OSError as error:
            raise LeaseError("cannot create the lease %s of slot %s: %s" % (path, name, error.strerror)) from None
        finally:
            os.umask(before)


def _is_still_there(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _write_holder(fd: int, holder: dict) -> None:
    data = json.dumps(holder, separators=(",", ":")).encode("ascii")
    try:
        os.lseek(fd, 0, os.SEEK_SET)
        write_all(fd, data)
        os.ftruncate(fd, len(data))
    except OSError:
        pass  # a full disk: the lock is what counts, the name is for people


def _who(fd: int) -> str:
    try:
        holder = json.loads(os.pread(fd, 65536, 0))
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(holder["since"]))
        return " by %s (run %s, process %s on %s, since %s)" % (
            holder["account"], holder["run"], holder["pid"], holder["host"], since,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return ""
