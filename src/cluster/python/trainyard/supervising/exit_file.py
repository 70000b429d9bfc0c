"""exit.json: written once, atomically, also on a disk that is full."""

from __future__ import annotations

import os
import time

from ..files import encode, remove_quietly, sync_folder, temporary_name, write_all

RESERVED_BYTES = 8192


class ExitFile:
    """Reserves its blocks at the start, so that a script that filled the disk cannot keep us from saying so."""

    def __init__(self, run_dir: str) -> None:
        self._path = os.path.join(run_dir, "exit.json")
        self._temporary = temporary_name(self._path)
        try:
            fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            try:
                write_all(fd, b" " * RESERVED_BYTES)
            finally:
                os.close(fd)
        except OSError:
            pass  # write() tries again

    def exists(self) -> bool:
        return os.path.exists(self._path)

    def discard(self) -> None:
        remove_quietly(self._temporary)

    def write(self, content: dict, again_s: float = 1.0) -> None:
        """Tries until it is written, or until the run's folder is gone."""
        data = encode(content)
        while not self._try(data):
            if not os.path.isdir(os.path.dirname(self._path)):
                return
            time.sleep(again_s)

    def _try(self, data: bytes) -> bool:
        try:
            fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                write_all(fd, data)  # over the reserved blocks; the rest is cut off after
                os.ftruncate(fd, len(data))
                os.fsync(fd)
            finally:
                os.close(fd)
            os.rename(self._temporary, self._path)
            sync_folder(os.path.dirname(self._path))
        except OSError:
            return self.exists()
        return True
