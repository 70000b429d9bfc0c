"""Checkpoints: files first, their manifest last. Without the manifest there is no checkpoint."""

from __future__ import annotations

import os
import re
import stat
import time

from ..files import encode, read_json, sync_folder, write_json

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Optional

MAX_MANIFEST_BYTES = 32 * 1024 * 1024
MAX_METADATA_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_BAD_NAME = re.compile(r"[\x00-\x1f\\]|^[A-Za-z]:")


class CheckpointError(Exception):
    """A checkpoint cannot be stored or gone on from; the message says which file and why."""

    __module__ = "trainyard"
    needed_bytes: Optional[int] = None
    """Of a checkpoint that did not fit: about how much it needs, and what was free for it. None where not known."""
    free_bytes: Optional[int] = None


def reserve(root: str) -> tuple:
    """A fresh uuid, and its files/ folder, which is not there yet."""
    import uuid  # here and below: what only checkpoints need must not slow down every start

    name = str(uuid.uuid4())
    return name, os.path.join(root, name, "files")


def discard(files: str) -> None:
    import shutil

    shutil.rmtree(os.path.dirname(files), ignore_errors=True)


def complete(files: str, manifest: dict) -> int:
    """Makes everything in files/ durable and read-only, and writes manifest.json with its sizes and hashes beside it.
    Returns the bytes of all files."""
    listed = []
    real = os.path.realpath(files)
    _check(real)
    _protect(real)
    for folder, folders, names in os.walk(real):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            size, digest = _hash_and_sync(path)
            listed.append({"path": os.path.relpath(path, real), "bytes": size, "sha256": digest})
        sync_folder(folder)
    manifest.setdefault("createdAt", time.time())
    manifest["files"] = sorted(listed, key=lambda file: file["path"])
    _check_sizes(manifest)
    write_json(os.path.join(os.path.dirname(files), "manifest.json"), manifest, sync=True)
    sync_folder(os.path.dirname(os.path.dirname(files)))
    return sum(file["bytes"] for file in listed)


def _check_sizes(manifest: dict) -> None:
    metadata = len(encode(manifest["metadata"]))
    if metadata > MAX_METADATA_BYTES:
        raise CheckpointError(
            "checkpoint: the metadata has %d bytes, at most %d are kept; put it into a file of the checkpoint"
            % (metadata, MAX_METADATA_BYTES)
        )
    size = len(encode(manifest))
    if size > MAX_MANIFEST_BYTES:
        raise CheckpointError(
            "checkpoint: the list of its %d files has %d bytes, at most %d can be stored; pack them into fewer files"
            % (len(manifest["files"]), size, MAX_MANIFEST_BYTES)
        )


def verify(files: str) -> None:
    """Raises CheckpointError unless every file of the manifest is there in its size."""
    folder = os.path.dirname(files)
    try:
        manifest = read_json(os.path.join(folder, "manifest.json"))
        for file in manifest["files"]:
            path = file["path"]
            if path.startswith("/") or ".." in path.split("/"):
                raise CheckpointError("the manifest of the checkpoint %s has a path out of it: %r" % (folder, path))
            info = os.lstat(os.path.join(files, path))
            if not stat.S_ISREG(info.st_mode) or info.st_size != file["bytes"]:
                raise CheckpointError(
                    "the checkpoint %s is damaged: %s has %d bytes, its manifest says %d"
                    % (folder, path, info.st_size, file["bytes"])
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError("the checkpoint %s cannot be gone on from: %s" % (folder, error)) from None


def _check(root: str) -> None:
    """Every name is one that any machine can restore, every entry a file, a folder, or a link to one inside."""
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, root)
            if _BAD_NAME.search(shown) or not _is_utf8(shown):
                raise CheckpointError("checkpoint: the file name %r cannot be stored; rename it" % shown)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                _replace_link(path, shown, root)
            elif stat.S_ISREG(mode):
                if os.lstat(path).st_nlink > 1:
                    _replace_by_copy(path, path)  # or it would change with its other names
            elif not stat.S_ISDIR(mode):
                raise CheckpointError(
                    "checkpoint: %s is neither a file nor a folder (a socket, a pipe, a device?)" % shown
                )


def _replace_link(path: str, shown: str, root: str) -> None:
    import shutil

    target = os.path.realpath(path)
    if target != root and not target.startswith(root + os.sep):
        raise CheckpointError(
            "checkpoint: the link %s leads out of the checkpoint, to %s; copy the file" % (shown, target)
        )
    if not os.path.exists(target):
        raise CheckpointError("checkpoint: the link %s leads to nothing (%s)" % (shown, target))
    if os.path.isdir(target):
        if path.startswith(target + os.sep) or target == root:
            raise CheckpointError("checkpoint: the link %s leads to a folder that it is in" % shown)
        os.unlink(path)
        shutil.copytree(target, path, symlinks=True)
        _check_copied(path, shown, root)
        return
    _replace_by_copy(path, target)


def _replace_by_copy(path: str, source: str) -> None:
    import shutil

    copy = path + ".%d.tmp" % os.getpid()
    shutil.copyfile(source, copy)
    os.replace(copy, path)


def _protect(root: str) -> None:
    """Takes the files' write bits: a saver that comes late, or a script that goes on from it and opens it for writing,
    gets an error at once instead of a damaged checkpoint that is found at its restore. Folders keep theirs, so that a
    person can delete a pool as any other folder; a file that is replaced does not match the manifest any more."""
    for folder, _, names in os.walk(root):
        for path in [os.path.join(folder, name) for name in names]:
            try:
                os.chmod(path, os.lstat(path).st_mode & 0o555)
            except OSError:
                pass  # a file system without modes


def _check_copied(path: str, shown: str, root: str) -> None:
    for folder, folders, names in os.walk(path):
        for name in folders + names:
            if os.path.islink(os.path.join(folder, name)):
                raise CheckpointError("checkpoint: the folder behind the link %s holds links; copy the files" % shown)


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _hash_and_sync(path: str) -> tuple:
    import hashlib

    digest = hashlib.sha256()
    size = 0
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    with open(path, "rb", buffering=0) as file:
        while True:
            count = file.readinto(buffer)
            if not count:
                break
            digest.update(buffer[:count])
            size += count
        os.fsync(file.fileno())
    return size, digest.hexdigest()
