"""context.checkpoint: the pool's checkpoints under Determined's calls. A storage_id is a checkpoint's uuid."""

from __future__ import annotations

import contextlib
import enum
import json
import logging
import os
import pathlib
import shutil
import uuid
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Union

from trainyard.files import read_json
from trainyard.harness import checkpoints
from trainyard.harness.run import Run

from ._distributed import DistributedContext
from ._shards import copy_into, merge_metadata, owners

logger = logging.getLogger("determined.core")
Selector = Optional[Callable[[str], bool]]
PathLike = Union[str, "os.PathLike[str]"]


class DownloadMode(enum.Enum):
    LocalWorkersShareDownload = "LOCAL_WORKERS_SHARE_DOWNLOAD"
    NoSharedDownload = "NO_SHARED_DOWNLOAD"


class CheckpointContext:
    def __init__(self, run: Run, distributed: DistributedContext) -> None:
        self._run = run
        self._distributed = distributed
        self._root = run._place.checkpoints

    @contextlib.contextmanager
    def store_path(
        self, metadata: Optional[Dict[str, Any]] = None, *, shard: bool = False
    ) -> Iterator[Tuple[pathlib.Path, str]]:
        """A folder to write into, and the checkpoint's id; stored when the block ends without an exception. `metadata` has
        "steps_completed". With `shard` every rank writes, in the same folder, and must call this."""
        if shard and self._distributed.size > 1:
            with self._shared(metadata) as path:
                yield path, path.parent.name
            return
        self._check_chief("store_path", shard)
        described = _checked(metadata)
        with self._run.checkpoint_with(described["steps_completed"], described) as path:
            yield path, path.parent.name
            _write_metadata(path, described)

    def upload(
        self, ckpt_dir: Optional[PathLike], metadata: Optional[Dict[str, Any]] = None, *, shard: bool = False,
        selector: Selector = None,
    ) -> str:  # fmt: skip
        """Stores a copy of a folder; of its files those for which selector(relative path) is true. Returns its id."""
        if ckpt_dir is None and not shard:
            raise ValueError("upload: ckpt_dir is None, which only a rank of shard=True may have")
        folder = None if ckpt_dir is None else os.path.realpath(ckpt_dir)
        if not shard or self._distributed.size == 1:
            if folder is None:
                raise ValueError("upload: no rank has a ckpt_dir")
            with self.store_path(metadata, shard=shard) as (path, storage_id):
                copy_into(path, folder, selector)
            return storage_id
        mine = owners(self._distributed.allgather(folder))[self._distributed.rank]
        with self.store_path(metadata, shard=True) as (path, storage_id):
            if mine is not None:
                copy_into(path, mine, selector)
        return storage_id

    def download(
        self, storage_id: str, ckpt_dir: PathLike, download_mode: DownloadMode = DownloadMode.LocalWorkersShareDownload,
        *, selector: Selector = None,
    ) -> None:  # fmt: skip
        """Copies a checkpoint's files to a folder. LocalWorkersShareDownload: all ranks of a host call it, one copies."""
        source = self._files_of(storage_id)
        if download_mode is DownloadMode.NoSharedDownload:
            copy_into(pathlib.Path(ckpt_dir), str(source), selector)
            return
        problem = None
        if self._distributed.local_rank == 0:
            try:
                copy_into(pathlib.Path(ckpt_dir), str(source), selector)
            except Exception as error:
                problem = error
        problem = self._distributed.broadcast_local(problem)
        if problem is not None:
            raise problem

    @contextlib.contextmanager
    def restore_path(
        self, storage_id: str, download_mode: DownloadMode = DownloadMode.LocalWorkersShareDownload, *,
        selector: Selector = None,
    ) -> Iterator[pathlib.Path]:  # fmt: skip
        """The checkpoint's own folder, to read from: nothing is copied, and its files cannot be written."""
        yield self._files_of(storage_id)

    def get_metadata(self, storage_id: str) -> Dict[str, Any]:
        manifest = self._manifest_of(storage_id)
        return {"steps_completed": manifest["step"], **manifest.get("metadata", {})}

    def delete(self, storage_id: str, globs: Optional[List[str]] = None) -> None:
        """The pool removes it once it has heard of this, unless it is the trial's newest, pinned, or what others go on from.
        Of other trials nothing is removed. `globs`, single files of it, cannot be removed: ValueError."""
        if globs is not None:
            raise ValueError("checkpoint.delete() of single files: a checkpoint is never changed; delete all of it")
        self._manifest_of(storage_id)
        self._run.release_checkpoint(str(uuid.UUID(str(storage_id))))

    @contextlib.contextmanager
    def _shared(self, metadata: Optional[Dict[str, Any]]) -> Iterator[pathlib.Path]:
        """All ranks in one folder. When one of them fails, all do, and nothing is stored."""
        ranks = self._distributed
        described = merge_metadata(ranks.allgather(metadata))
        described = _checked(described)
        with contextlib.ExitStack() as stack:
            path = None
            if ranks.rank == 0:
                try:
                    path = stack.enter_context(self._run.checkpoint_with(described["steps_completed"], described))
                except BaseException:
                    ranks.broadcast(None)
                    raise
            path = ranks.broadcast(path)
            if path is None:
                raise RuntimeError("rank 0 could not begin the checkpoint")
            try:
                yield path
            except BaseException:
                ranks.allgather("failed")
                raise
            failed = [rank for rank, word in enumerate(ranks.allgather("done")) if word == "failed"]
            if failed:
                raise RuntimeError("rank %s failed to write its part of the checkpoint: nothing is stored" % failed)
            if ranks.rank == 0:
                _write_metadata(path, described)
                try:
                    stack.close()
                except BaseException:
                    ranks.broadcast("failed")
                    raise
            if ranks.broadcast("stored") == "failed":
                raise RuntimeError("rank 0 could not store the checkpoint")

    def _check_chief(self, what: str, shard: bool) -> None:
        if not shard and self._distributed.rank != 0:
            raise RuntimeError("checkpoint.%s() is for the chief (rank 0) alone, unless shard=True" % what)

    def _files_of(self, storage_id: str) -> pathlib.Path:
        files = os.path.join(self._folder_of(storage_id), "files")
        checkpoints.verify(files)
        return pathlib.Path(files)

    def _manifest_of(self, storage_id: str) -> Dict[str, Any]:
        return read_json(os.path.join(self._folder_of(storage_id), "manifest.json"))

    def _folder_of(self, storage_id: str) -> str:
        """ValueError for what is no uuid, FileNotFoundError for a checkpoint that this pool does not have."""
        try:
            name = str(uuid.UUID(str(storage_id)))
        except ValueError:
            raise ValueError("%.80r is not the id of a checkpoint" % (storage_id,)) from None
        folder = os.path.join(self._root, name)
        if not os.path.exists(os.path.join(folder, "manifest.json")):
            raise FileNotFoundError("the pool has no checkpoint %s (in %s)" % (name, self._root))
        return folder


def _checked(metadata: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    if not metadata or "steps_completed" not in metadata:
        raise ValueError('checkpoint: metadata has to have "steps_completed"')
    return {str(key): value for key, value in metadata.items()}


def _write_metadata(path: pathlib.Path, metadata: Dict[str, Any]) -> None:
    """Where scripts look for it in a checkpoint's folder."""
    target = path / "metadata.json"
    if not target.exists():
        target.write_text(json.dumps(metadata, default=str, indent=2))
