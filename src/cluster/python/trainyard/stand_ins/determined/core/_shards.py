"""Parts of one checkpoint that come from several ranks."""

from __future__ import annotations

import filecmp
import os
import pathlib
import shutil
from typing import Any, Callable, Dict, List, Optional


def merge_metadata(parts: List[Optional[Dict[str, Any]]]) -> Dict[str, Any]:
    """Nested dictionaries are merged. ValueError where two ranks say something about the same key."""
    merged: Dict[str, Any] = {}
    conflicts: List[str] = []
    for part in parts:
        _merge(merged, part or {}, "", conflicts)
    if conflicts:
        raise ValueError("checkpoint: several ranks give the metadata %s" % ", ".join(sorted(set(conflicts))))
    return merged


def _merge(into: Dict[str, Any], part: Dict[str, Any], where: str, conflicts: List[str]) -> None:
    for key, value in part.items():
        if key not in into:
            into[key] = _merged({}, value)
        elif isinstance(into[key], dict) and isinstance(value, dict):
            _merge(into[key], value, "%s%s." % (where, key), conflicts)
        else:
            conflicts.append("%s%s" % (where, key))


def _merged(into: Dict[str, Any], value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    _merge(into, value, "", [])
    return into


def owners(folders: List[Optional[str]]) -> List[Optional[str]]:
    """Of the ranks that have the same folder the first one uploads it."""
    return [None if folder in folders[:rank] else folder for rank, folder in enumerate(folders)]


def copy_into(target: pathlib.Path, source: str, selector: Optional[Callable[[str], bool]]) -> None:
    """Copies a folder's files, writable, over what is there. ValueError where another one with other content is: two ranks
    gave it. NotADirectoryError for a source that is no folder."""
    if not os.path.isdir(source):
        raise NotADirectoryError("there is no folder %s" % source)
    for folder, _, names in os.walk(source):
        for name in names:
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, source)
            if selector is not None and not selector(shown):
                continue
            copy = target / shown
            copy.parent.mkdir(parents=True, exist_ok=True)
            if copy.exists() and not filecmp.cmp(path, copy, shallow=False):
                if copy.stat().st_mode & 0o222 == 0 or shown != "metadata.json":
                    raise ValueError("%s is there already, with other content: %s" % (shown, copy))
            shutil.copyfile(path, copy)
        for name in [] if selector else os.listdir(folder):
            if os.path.isdir(os.path.join(folder, name)):
                (target / os.path.relpath(os.path.join(folder, name), source)).mkdir(parents=True, exist_ok=True)
