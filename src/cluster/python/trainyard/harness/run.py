"""Run: what a training script talks to."""

from __future__ import annotations

import atexit
import contextlib
import os
import pathlib
import sys
import threading
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Callable, ContextManager, Optional

from ..events import EXIT_PATIENCE_S, EventWriter, values_text
from ..files import encode
from ..processes import start_ticks
from . import checkpoints
from .control import Control
from .metrics import Metrics
from .params import MISSING, InvalidHP, Params, Reader
from .place import Place
from .room import Room, folder_bytes
from .values import to_json, to_number, to_step


class Run:
    """One attempt of a trial, seen from its script. Get it from trainyard.init(). Safe to use from several threads,
    in forked children (each writes a file of its own) and in all ranks."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._control = Control(place.run_dir)
        self._reader = Reader(place.hyperparameters)
        self._lock = threading.RLock()
        self._latest: Optional[str] = os.environ.get("TRAINYARD_CHECKPOINT") or None
        self._verified = False
        self._metrics = Metrics(self.warn)
        self._before_report: Optional[Callable[[], None]] = None
        self._is_first_report = True
        self.strict = False
        """Whether a report that cannot be written now is an error of the script, instead of being held until it can."""
        self.keeps_checkpoints = False
        """Whether the script writes checkpoints itself, or has asked for them: none of its files is captured then."""
        self.looks_itself = False
        """Whether the script has called should_stop()."""
        self.tells_progress = False
        """Whether the script, or what it trains with, says itself how far it is."""
        self._said_too_much = False
        self._start_writer()
        self._room = Room(place.checkpoints, self._latest, self.warn)
        os.register_at_fork(after_in_child=self._start_writer)
        self.params = Params(place.hyperparameters)
        """The configuration's hyperparameters, as attributes and as a mapping."""
        self._say_params()

    def report(
        self, step: float, values: Optional[Mapping[str, Any]] = None, group: str = "training", **named: Any
    ) -> None:
        """Reports metrics at `step`: run.report(7, loss=0.3) or run.report(7, {"val/loss": 0.3}, group="validation").

        Numbers are floats, ints, numpy scalars and 0-d tensors; NaN and infinities are fine. A value that is not a
        number is left out, and so is a report at a step that is NaN or infinite, with a warning on the run. What was
        reported when this returns survives a SIGKILL, unless the disk is full or fails: then it is held in memory (up to
        16 MiB) and written when there is room. Raises TypeError for a step that is not a number, ValueError for a bad
        group name; with init(strict=True) OSError while reports cannot be written.
        """
        if self._is_first_report:
            self._first_report()
        if values:
            named = {**values, **named}
        for body in self._metrics.encode(step, named, group):
            self._writer.append(body)
        if self.strict and self._writer.error is not None:
            raise self._writer.error

    def validate(self, step: float, values: Optional[Mapping[str, Any]] = None, **named: Any) -> None:
        """Reports metrics of the group `validation`, which searchers and "best checkpoint" look at."""
        self.report(step, values, "validation", **named)

    def progress(self, fraction: float) -> None:
        """How much of the training is done, 0 to 1."""
        self.tells_progress = True
        number = to_number(fraction)
        if number == number:
            self._writer.append('"type":"progress","fraction":%r' % float(min(1.0, max(0.0, number))))

    def param(self, name: str, default: Any = MISSING) -> Any:
        """One parameter: the command line's --name, else the configuration's, else the default; recorded with where
        it came from. Dots go deeper: param("optimizer.lr", 1e-3). The default's type is the flag's.
        Raises KeyError when nothing gives a value, ValueError for a flag of a wrong type."""
        with self._lock:
            value, news = self._reader.read(name, default)
            if news:
                self._say_params()
        return value

    def checkpoint(self, step: float, **metadata: Any) -> ContextManager[pathlib.Path]:
        """A folder to write a checkpoint into; when the block ends without an exception it is stored:

            with run.checkpoint(step, epoch=3) as path:
                torch.save(model.state_dict(), path / "model.pt")

        Raises CheckpointError for what cannot be stored (a link out of the folder, a socket); TypeError for metadata
        that JSON cannot hold; ValueError for a step that is NaN or infinite; CheckpointError also when the disk is full or fails, with
        `needed_bytes` and `free_bytes` (None where not known): who catches it trains on, and the run shows a warning.
        After an exception there is no checkpoint and no folder.
        """
        return self.checkpoint_with(step, metadata)

    @contextlib.contextmanager
    def checkpoint_with(self, step: float, metadata: Mapping[str, Any]) -> Iterator[pathlib.Path]:
        """checkpoint(), for metadata of any names."""
        self.keeps_checkpoints = True
        number = to_step(step)
        described = to_json(metadata, "metadata")
        self._room.look()
        name, files = checkpoints.reserve(self._place.checkpoints)
        try:
            os.makedirs(files)
            yield pathlib.Path(files)
            self.complete_checkpoint(name, files, number, described, self.last_metrics(number))
        except BaseException as error:
            problem = self.checkpoint_failed(files, number, error)
            if problem is None:
                raise
            raise problem from error
        self._latest = files
        self._verified = True

    def last_metrics(self, step: float) -> Any:
        """As a manifest has them: the last value of each metric, but for those of later steps than `step`."""
        return to_json(self._metrics.last(step))

    def complete_checkpoint(
        self, name: str, files: str, step: float, metadata: Any, metrics: Any, created_at: Optional[float] = None
    ) -> None:
        """Makes a checkpoint of what is in files/: hashes, the manifest, the event. What it raises is for checkpoint_failed().
        `created_at`: when it was saved, in seconds since the epoch, if that was before now: the newest is gone on from."""
        at = to_json(step)
        manifest = {
            "version": 1,
            "uuid": name,
            "run": self._place.run,
            "trial": self._place.trial,
            "step": at,
            "metadata": metadata,
            "metrics": metrics,
            **({} if created_at is None else {"createdAt": created_at}),
        }
        size = checkpoints.complete(files, manifest)
        self._room.stored(size)
        self._writer.append('"type":"checkpoint","uuid":"%s","step":%s' % (name, encode(at).decode("ascii")))

    def checkpoint_failed(self, files: str, step: float, error: BaseException) -> Optional[checkpoints.CheckpointError]:
        """Nothing of it stays. What to say, and is said on the run, when the disk was the reason; else None."""
        problem = self._room.explain(error, to_json(step), folder_bytes(files))
        checkpoints.discard(files)
        if problem is not None:
            self.warn("checkpoint_not_stored", str(problem))
        return problem

    def release_checkpoint(self, name: str) -> None:
        """The script does not need a checkpoint (its uuid) of this trial any more. The pool removes it, unless it is the trial's
        newest, pinned, or what others go on from."""
        self._writer.append('"type":"unneeded","uuid":%s' % quoted(name))

    @property
    def latest_checkpoint(self) -> Optional[pathlib.Path]:
        """The folder of files to go on from: what this run stored last, else what it was started from, else None.
        Raises CheckpointError when that one is damaged, rather than letting training start over unnoticed."""
        self.keeps_checkpoints = True
        if self._latest is None:
            return None
        if not self._verified:
            checkpoints.verify(self._latest)
            self._verified = True
        return pathlib.Path(self._latest)

    def should_stop(self) -> bool:
        """True when this run was asked to pause, to make room or to stop: store a checkpoint and leave. Cheap enough
        for every step. The first True tells the pool that the script has understood: any exit after it counts as
        what was asked. Once True it stays True. With several ranks, ask in one and tell the others."""
        self.looks_itself = True
        return self.is_asked_to_stop()

    def is_asked_to_stop(self) -> bool:
        """The same, asked on the script's behalf."""
        if self._control.asked is not None:
            return True
        asked = self._control.look()
        if asked is not None:
            self._writer.append('"type":"ack","control":%d,"action":"%s"' % (asked["control"], asked["action"]))
        return asked is not None

    def adopt_parameters(self, values: Mapping[str, Any], origin: str) -> None:
        """Parameters that the script gave to somebody else (docs/capture.md). What the configuration gave, and what was
        asked with param(), stays as it is. What JSON cannot hold is left out."""
        with self._lock:
            news, is_too_much = self._reader.adopt(values, origin)
        if news:
            self._say_params()
        if is_too_much and not self._said_too_much:
            self._said_too_much = True
            self.warn("parameters_captured", "so many parameters were told that some of them are left out")

    def system(self, values: Mapping[str, float]) -> None:
        """Measures of this process, shown with those of its machine."""
        self._writer.append('"type":"system","values":' + values_text(values))

    def refuse_hyperparameters(self, message: str) -> None:
        """What an InvalidHP that ends the script says: the searcher puts another set in their place."""
        self._writer.append('"type":"invalid_hp","message":%s' % quoted(message[:4000]))

    def captured(
        self, library: str, version: str, name: Optional[str], labels: list, notes: Optional[str] = None
    ) -> None:
        """That `library` is captured, and what the script calls its run there."""
        body = '"type":"captured","library":%s,"version":%s' % (quoted(library[:80]), quoted(version[:80]))
        if name:
            body += ',"name":%s' % quoted(str(name)[:250])
        if notes:
            body += ',"notes":%s' % quoted(str(notes)[:10_000])
        if labels:
            body += ',"labels":%s' % encode([str(label)[:50] for label in labels[:50]]).decode("ascii")
        self._writer.append(body)

    @property
    def reported_step(self) -> Optional[float]:
        """The highest step that was reported; None without a report."""
        return self._metrics.highest_step

    @property
    def checkpoint_root(self) -> str:
        """The folder of the pool's checkpoints."""
        return self._place.checkpoints

    @property
    def rank(self) -> int:
        """Of this process; 0 without ranks."""
        self._look_for_rank()
        return self._place.rank

    def reports_itself(self, name: str, group: str) -> bool:
        """Whether that metric was reported already."""
        return self._metrics.knows(name, group)

    @property
    def id(self) -> str:
        """The run's name, such as "12.1.1": experiment, trial, attempt."""
        return self._place.run

    @property
    def seed(self) -> int:
        """The trial's seed, 0 to 2^31-1; the same in every attempt of the trial. 0 outside a pool."""
        return self._place.seed

    @property
    def directory(self) -> pathlib.Path:
        """The run directory."""
        return pathlib.Path(self._place.run_dir)

    def _start_writer(self) -> None:
        """A file of its own for each process: at the start, and again in a forked child."""
        self._is_first_report = True
        self._open_writer()
        self._lock = threading.RLock()

    def _open_writer(self) -> None:
        pid = os.getpid()
        name = "%d-harness-%d-%d.jsonl" % (self._place.rank, pid, start_ticks(pid))
        self._writer = EventWriter(os.path.join(self._place.run_dir, "events", name), _say)

    def _record_provenance(self) -> None:
        """Once a run: in rank 0, in the first process that gets here."""
        if self._place.rank == 0:
            with contextlib.suppress(Exception):  # a bug of ours never touches training
                from .provenance import Recorder

                recorder = Recorder(self._place.run_dir, self._place.work, self._parameters)
                recorder.start()
                self._before_report = recorder.first_report
                atexit.register(recorder.finish)

    def _parameters(self) -> Any:
        return to_json({"values": self._reader.values, "origin": self._reader.origin})

    def _first_report(self) -> None:
        with self._lock:
            self._is_first_report = False
            self._look_for_rank()
            work, self._before_report = self._before_report, None
        if work is not None:
            work()

    def _look_for_rank(self) -> None:
        if self._place.look_for_rank():
            self._writer.close()
            self._open_writer()

    def _say_params(self) -> None:
        try:
            body = encode(self._parameters()).decode("ascii")[1:-1]
        except TypeError as error:
            self.warn("params", str(error))
            return
        self._writer.append('"type":"params",' + body)

    def warn(self, code: str, message: str) -> None:
        """Shown on the run once a code, and on stderr (not by `warnings`: -W error would end the training)."""
        self._writer.append('"type":"warning","code":%s,"message":%s' % (quoted(code[:80]), quoted(message[:4000])))
        _say(message)

    def _close(self) -> None:
        """At the interpreter's exit."""
        # The exception that ended the script, whatever has become of sys.excepthook.
        last = getattr(sys, "last_value", None)
        if isinstance(last, InvalidHP):
            self.refuse_hyperparameters(str(last))
        self._metrics.close()
        self._writer.close(EXIT_PATIENCE_S)


def _say(message: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # stderr may be closed, on a full disk, or None
        print("trainyard: " + message, file=sys.stderr)
