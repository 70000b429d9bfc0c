"""Event files of TensorBoard and W&B that a run writes where the capture does not reach: another language, `python -S`.

Their scalars become events of the run as the files grow. A file of a process that is captured is not read as well: it waits
for some seconds, in which the process says that it is captured, and then all files of that kind are left alone.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from json.encoder import encode_basestring_ascii as quoted

from ..events import EventWriter, number_text, values_text
from ..harness.values import to_json, to_number
from ..metric_names import group_of, stored_name
from ..readers.records import Hyperparameters, Scalars
from ..readers.tfevents import PREFIX, read_tfevents
from ..readers.tfrecords import RecordFile
from ..readers.wandb_file import SUFFIX, WandbFile, WandbRun
from .output_reader import count_metrics

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Any, Iterator

    from .event_tail import EventTail

LOOK_EVERY_S = 2.0
_WAIT_S = 3.0
"""From when a file is first seen: whoever writes it may have to say that it is captured."""
_LOOK_SHARE = 50
"""Looking for files takes at most one part in so many of the time."""
_ROUND_S = 0.1
_FINISH_S = 3.0
_RECORDS_AT_ONCE = 200
_MAX_FILES = 100
_MAX_ENTRIES = 100_000
_MAX_DEPTH = 12
_LEFT_OUT = {"node_modules", "__pycache__", "site-packages"}
_FRAMEWORKS = {"lightning", "transformers", "accelerate", "keras"}
_WRITERS = {
    PREFIX: _FRAMEWORKS | {"torch.utils.tensorboard", "tensorboardX", "tf.summary"},
    SUFFIX: _FRAMEWORKS | {"wandb"},
}
"""What writes such files, by the kind of file and the names of capture/libraries: where it is captured, they say nothing new."""


class LogFiles:
    def __init__(self, run_dir: str, hyperparameters: dict, events: EventTail, suffix: str) -> None:
        """`suffix` tells an adopter's event files from those of the supervisors before it."""
        self._run_dir = run_dir
        self._work = os.path.join(run_dir, "work")
        self._hyperparameters = hyperparameters
        self._events = events
        self._suffix = suffix
        self._since = _built_at(run_dir)
        self._logs: dict = {}
        self._look_at = 0.0

    def poll(self) -> None:
        now = time.monotonic()
        if now >= self._look_at:
            self._look()
            self._look_at = now + max(LOOK_EVERY_S, (time.monotonic() - now) * _LOOK_SHARE)
        self._read(time.monotonic() + _ROUND_S, now - _WAIT_S)

    def finish(self, patience_s: float) -> None:
        """All that is left, for some seconds at most. `patience_s`: for room to write it."""
        self._look()
        self._events.poll()
        until = time.monotonic() + _FINISH_S
        while self._read(until, float("inf")) and time.monotonic() < until:
            pass
        for log in self._logs.values():
            log.close(patience_s)

    def _read(self, until: float, seen_before: float) -> bool:
        """A piece of each file in turn; whether there may be more."""
        has_more = False
        for path, log in self._logs.items():
            if log.seen_at > seen_before or self._events.captured & log.writers:
                continue
            if time.monotonic() >= until:
                return True
            try:
                has_more = log.read() or has_more
            except OSError:
                continue  # it is gone, or cannot be read now
        return has_more

    def _look(self) -> None:
        """Finds files that were begun since the run was."""
        for path in _files(self._work):
            if path in self._logs or len(self._logs) >= _MAX_FILES:
                continue
            try:
                if os.lstat(path).st_ctime < self._since:
                    continue
            except OSError:
                continue
            name = os.path.relpath(path, self._work)
            writer = "0-files-%08x" % zlib.crc32(os.fsencode(name))
            self._logs[path] = _Log(path, os.path.join(self._run_dir, "events"), writer, self._suffix, self._hyperparameters)


class _Log:
    """One file, from its start. The same bytes make the same events, so an adopter leaves out as many as those before it have
    written."""

    def __init__(self, path: str, events: str, writer: str, suffix: str, hyperparameters: dict) -> None:
        self.seen_at = time.monotonic()
        is_wandb = path.endswith(SUFFIX)
        self.writers = _WRITERS[SUFFIX if is_wandb else PREFIX]
        self._file: Any = WandbFile(path) if is_wandb else RecordFile(path)
        self._run = WandbRun(self._file) if is_wandb else None
        self._known = count_metrics(events, writer)
        self._hyperparameters = hyperparameters
        self._event_file = os.path.join(events, "%s%s.jsonl" % (writer, suffix))
        self._writer: EventWriter | None = None

    def read(self) -> bool:
        """Some records; whether there may be more."""
        before = self._file.offset
        for found in self._new():
            if isinstance(found, Scalars):
                self._scalars(found)
            elif isinstance(found, Hyperparameters):
                self._parameters(found.values)
        return self._file.offset > before

    def close(self, patience_s: float) -> None:
        if self._writer is not None:
            self._writer.close(patience_s)

    def _new(self) -> Iterator[Any]:
        return self._run.read(_RECORDS_AT_ONCE) if self._run is not None else read_tfevents(self._file, _RECORDS_AT_ONCE)

    def _scalars(self, found: Scalars) -> None:
        if found.step - found.step != 0:
            return
        groups: dict = {}
        for name, value in found.values.items():
            number = to_number(float(value) if isinstance(value, bool) else value)
            groups.setdefault(group_of(name), {})[stored_name(name)] = number
        for group, values in groups.items():
            if self._known > 0:
                self._known -= 1
                continue
            self._append(
                '"type":"metrics","group":%s,"step":%s,"values":%s'
                % (quoted(group), number_text(found.step), values_text(values))
            )

    def _parameters(self, values: dict) -> None:
        """What the configuration gave stays."""
        values = {name: to_json(value) for name, value in values.items() if name not in self._hyperparameters}
        if values:
            origin = {name: "captured" for name in values}
            self._append('"type":"params","values":%s,"origin":%s' % (json.dumps(values), json.dumps(origin)))

    def _append(self, body: str) -> None:
        if self._writer is None:
            self._writer = EventWriter(self._event_file)
        self._writer.append(body)


def _built_at(run_dir: str) -> float:
    """Before the run, on the clock of its file system."""
    for name in ("work.json", "spec.json"):
        try:
            return os.stat(os.path.join(run_dir, name)).st_mtime
        except OSError:
            continue
    return 0.0


def _files(top: str) -> Iterator[str]:
    """Files of these kinds; no link is followed."""
    entries = 0
    folders = [(top, 0)]
    while folders:
        folder, depth = folders.pop()
        try:
            inside = list(os.scandir(folder))
        except OSError:
            continue
        entries += len(inside)
        if entries > _MAX_ENTRIES:
            return
        for entry in inside:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if depth < _MAX_DEPTH and name not in _LEFT_OUT and not name.startswith("."):
                    folders.append((entry.path, depth + 1))
            elif (PREFIX in name or name.endswith(SUFFIX)) and entry.is_file(follow_symlinks=False):
                yield entry.path
