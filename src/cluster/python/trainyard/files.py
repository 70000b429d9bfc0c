"""Small JSON files, written so that a reader sees the old one or the new one, never a half."""

from __future__ import annotations

import errno
import json
import os
import time

MAX_JSON_BYTES = 64 * 1024 * 1024


def encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def read_json(path: str) -> dict:
    """The object in `path`. Raises OSError, or ValueError when it is not a JSON object."""
    with open(path, "rb") as file:
        data = file.read(MAX_JSON_BYTES)
    try:
        value = json.loads(data)
    except ValueError as error:
        raise ValueError("%s is not JSON: %s" % (path, error)) from None
    if not isinstance(value, dict):
        raise ValueError("%s is not a JSON object" % path)
    return value


def temporary_name(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, ".%s.%d.tmp" % (name, os.getpid()))


def write_json(path: str, value: object, sync: bool = False) -> None:
    """Replaces `path` atomically. With `sync` it also survives a power cut."""
    temporary = _write_temporary(path, encode(value), sync)
    try:
        os.replace(temporary, path)
    except OSError:
        remove_quietly(temporary)
        raise
    if sync:
        sync_folder(os.path.dirname(path))


def create_json(path: str, value: object) -> None:
    """Creates `path` whole. Raises FileExistsError when it is there, whoever was first."""
    data = encode(value)
    temporary = _write_temporary(path, data, False)
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            write_all(fd, data)
        finally:
            os.close(fd)
    finally:
        remove_quietly(temporary)


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_folder(path: str) -> None:
    """Makes the names in a folder durable, where its file system can."""
    fd = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def remove_quietly(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _write_temporary(path: str, data: bytes, sync: bool) -> str:
    temporary = temporary_name(path)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        write_all(fd, data)
        if sync:
            os.fsync(fd)
    except OSError:
        remove_quietly(temporary)
        raise
    finally:
        os.close(fd)
    return temporary


def write_section(path: str, section: str, content: object, patience_s: float) -> None:
    """Replaces one key of a JSON file that several processes write to, each its own key. They take turns by a lock; who
    does not get it in `patience_s` goes on without: a process that forks in its turn, or is stopped in it, must not
    keep the others from their work."""
    import fcntl

    folder, name = os.path.split(path)
    lock = os.open(os.path.join(folder, ".%s.lock" % name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try_to_lock(lock, patience_s)
        try:
            whole = read_json(path)
        except (OSError, ValueError):
            whole = {"version": 1}
        whole[section] = content
        write_json(path, whole)
    finally:
        # Not only closed: a child that was forked meanwhile has the lock, too.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


_FICLONE = 0x40049409
_COPY_BYTES = 1 << 30


def clone(source: str, target: str) -> os.stat_result:
    """Copies a file to `target`, which must not be there, sharing its blocks where the file system can. Returns what the
    source was when it began. Raises OSError; then there is no `target`."""
    import fcntl

    read = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        info = os.fstat(read)
        write = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.ioctl(write, _FICLONE, read)
            except OSError:
                _copy(read, write)
        except OSError:
            remove_quietly(target)
            raise
        finally:
            os.close(write)
    finally:
        os.close(read)
    return info


def _copy(read: int, write: int) -> None:
    """In the kernel, or by the server of both."""
    offset = 0
    copy_range = getattr(os, "copy_file_range", None)
    while copy_range is not None:
        try:
            count = copy_range(read, write, _COPY_BYTES)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF):
                raise
            break
        if count == 0:
            break
        offset += count
    while True:
        count = os.sendfile(write, read, offset, _COPY_BYTES)
        if count == 0:
            return
        offset += count


def try_to_lock(fd: int, patience_s: float) -> bool:
    """Takes an exclusive flock; False when others have had it for all of `patience_s`."""
    import fcntl

    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
