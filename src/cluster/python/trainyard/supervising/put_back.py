"""Before a run that goes on from a captured checkpoint starts: the files that the script had saved are put into its working directory."""

from __future__ import annotations

import errno
import os

from ..files import clone, read_json, remove_quietly, temporary_name, write_json
from .launch import LaunchError

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from .spec import Spec

RECORD = "put-back.json"


def put_back(spec: Spec, run_dir: str) -> list:
    """Returns what to warn of: files beside the checkpoint that could not be had. Nothing is done for a checkpoint that the
    script wrote itself. Raises LaunchError for the checkpoint's own files: to go on without them is to start over unnoticed."""
    if not spec.latest_checkpoint:
        return []
    uuid = str(spec.latest_checkpoint["uuid"])
    try:
        manifest = _manifest(spec, uuid)
        captured = manifest["metadata"].get("captured")
        if not isinstance(captured, dict):
            return []
        own = {file["path"]: file["bytes"] for file in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []  # the script is told which one it was, and says what it thinks of it
    directory = os.path.join(run_dir, "work", spec.directory)
    for name, size in own.items():
        try:
            _put(spec, uuid, name, size, directory, run_dir)
        except (OSError, ValueError, TypeError) as error:
            message = "%s of the checkpoint %s cannot be put back: %s" % (name, uuid, _said(error))
            raise LaunchError("directory", message, errno.errorcode.get(getattr(error, "errno", None) or 0)) from None
    beside = captured.get("beside")
    others, warnings = _put_beside(spec, beside if isinstance(beside, dict) else {}, own, directory, run_dir)
    files = {**others, **dict.fromkeys(own, uuid)}
    record = {"version": 1, "uuid": uuid, "step": manifest["step"], "files": files}
    write_json(os.path.join(run_dir, RECORD), record)
    return warnings


def _put_beside(spec: Spec, beside: dict, own: dict, directory: str, run_dir: str) -> tuple:
    """Which of them were put back, in their order, and what to say of the others. The newest come first: they take no more
    than half of the room that is there."""
    done = set()
    warnings = []
    for name, uuid in reversed(list(beside.items())):
        if name in own:
            continue
        try:
            size = {file["path"]: file["bytes"] for file in _manifest(spec, str(uuid))["files"]}[name]
            disk = os.statvfs(run_dir)
            if size > disk.f_bavail * disk.f_frsize // 2:
                raise ValueError("it would take more than half of the room that is left")
            _put(spec, str(uuid), name, size, directory, run_dir)
            done.add(name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            warnings.append("%s of the checkpoint %s is not put back: %s" % (name, uuid, _said(error)))
    return {name: uuid for name, uuid in beside.items() if name in done}, warnings


def _manifest(spec: Spec, uuid: str) -> dict:
    if "/" in uuid or uuid in ("", ".", ".."):
        raise ValueError("%r is no name of a checkpoint" % uuid)
    return read_json(os.path.join(spec.checkpoints, uuid, "manifest.json"))


def _put(spec: Spec, uuid: str, name: str, size: int, directory: str, run_dir: str) -> None:
    """A writable copy, there whole or not at all, and never outside of work/, whatever links the snapshot has."""
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        raise ValueError("its name leads out of the working directory")
    work = os.path.realpath(os.path.join(run_dir, "work"))
    folder, base = os.path.split(os.path.join(directory, name))
    real = os.path.realpath(folder)
    if real != work and not real.startswith(work + os.sep):
        raise ValueError("its folder is a link out of the working directory, to %s" % real)
    os.makedirs(real, exist_ok=True)
    target = os.path.join(real, base)
    temporary = temporary_name(target)
    remove_quietly(temporary)
    source = os.path.join(spec.checkpoints, uuid, "files", name)
    copied = clone(source, temporary).st_size
    try:
        if copied != size:
            raise ValueError("it is damaged: it has %d bytes, its manifest says %d" % (copied, size))
        os.replace(temporary, target)
    except (OSError, ValueError):
        remove_quietly(temporary)
        raise


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return "the checkpoint does not have it"
    return error.strerror or repr(error) if isinstance(error, OSError) else str(error)
