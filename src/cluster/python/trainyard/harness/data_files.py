"""Data files that the script opened for reading, by an audit hook. Files that C code opens itself are not seen."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, List, Optional

DATA_FOLDERS = ("data", "dataset", "datasets")
MAX_FILES = 2000
MAX_HASHED_FILE_BYTES = 16 * 1024 * 1024
MAX_HASHED_BYTES = 256 * 1024 * 1024


class DataFiles:
    """Remembers which files at or below `roots` were opened; describe() says what they are."""

    def __init__(self, roots: List[str]) -> None:
        real = {os.path.realpath(root) for root in roots}
        self._paths = real | set(roots)
        self._roots = tuple(sorted(root.rstrip(os.sep) + os.sep for root in self._paths))
        self._seen: Dict[str, Optional[Dict[str, Any]]] = {}
        self._left_out = 0
        self._hashed_bytes = 0

    def watch(self) -> None:
        if self._roots:
            sys.addaudithook(self._hook)

    @property
    def count(self) -> int:
        return len(self._seen)

    def describe(self) -> Dict[str, Any]:
        """Sizes, times, and hashes of small ones; what was described before is not read again."""
        for path, known in list(self._seen.items()):
            if known is None:
                self._seen[path] = self._describe(path)
        files = [{"path": path, **about} for path, about in sorted(list(self._seen.items())) if about]
        return {"paths": list(self._roots), "files": files, "leftOut": self._left_out}

    def _hook(self, event: str, arguments: Any) -> None:
        if event != "open":
            return
        try:  # an exception here would become one of the script's open()
            path, mode, flags = arguments
            if isinstance(path, int) or flags & (os.O_WRONLY | os.O_RDWR):
                return
            path = os.fsdecode(path)
            if path[:1] != os.sep:
                path = os.path.join(os.getcwd(), path)
            if not self._is_data(path):
                path = os.path.normpath(path)
                if not self._is_data(path):
                    return
            if path in self._seen:
                return
            if len(self._seen) < MAX_FILES:
                self._seen[path] = None
            else:
                self._left_out += 1
        except Exception:
            pass

    def _is_data(self, path: str) -> bool:
        return path.startswith(self._roots) or path in self._paths

    def _describe(self, path: str) -> Dict[str, Any]:
        import hashlib

        try:
            if not os.path.isfile(path):
                return {}
            info = os.stat(path)
            about: Dict[str, Any] = {"bytes": info.st_size, "modifiedAt": info.st_mtime, "sha256": None}
            small = info.st_size <= MAX_HASHED_FILE_BYTES
            if small and self._hashed_bytes + info.st_size <= MAX_HASHED_BYTES:
                self._hashed_bytes += info.st_size
                with open(path, "rb") as file:
                    about["sha256"] = hashlib.sha256(file.read(MAX_HASHED_FILE_BYTES + 1)).hexdigest()
            return about
        except OSError:
            return {}


def roots(work: str) -> List[str]:
    """TRAINYARD_DATA_PATHS (of the pool: what is linked, what the configuration names), `data`, `dataset` and `datasets`
    at the top of the working tree, and every link there that leads out of it."""
    found = [os.path.abspath(path) for path in os.environ.get("TRAINYARD_DATA_PATHS", "").split(os.pathsep) if path]
    real = os.path.realpath(work)
    try:
        names = os.listdir(work)
    except OSError:
        return found
    for name in names:
        path = os.path.join(work, name)
        if name in DATA_FOLDERS and os.path.isdir(path):
            found.append(path)
        elif os.path.islink(path) and not os.path.realpath(path).startswith(real + os.sep):
            found.append(path)
    return found
