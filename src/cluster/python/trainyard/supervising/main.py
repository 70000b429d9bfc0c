"""The supervisor from its start to exit.json."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

from . import launch, leases, memory
from .exit_file import ExitFile
from .identity import Identity, Occupied
from .put_back import put_back
from .spec import Spec, SpecError, load
from .watch import SIGNALS, Watch

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from typing import Callable

PR_SET_CHILD_SUBREAPER = 36
OUTPUT_EVERY_S = 0.5
LEASES_EVERY_S = 0.2
PROVENANCE_EVERY_S = 0.5
OUT_OF_MEMORY_EVERY_S = 10.0
START_PATIENCE_S = 20.0
START_RETRY_S = 0.2


def main(arguments: list) -> int:
    folders = [argument for argument in arguments if not argument.startswith("-")]
    if len(folders) != 1 or set(arguments) - set(folders) - {"--adopt"}:
        print("usage: supervisor.py RUN_DIR [--adopt]", file=sys.stderr)
        return 2
    run_dir = os.path.abspath(folders[0])
    try:
        identity = Identity(run_dir)
        return _adopt(run_dir, identity) if "--adopt" in arguments else _supervise(run_dir, identity)
    except Occupied as error:
        print("trainyard: %s: %s" % (run_dir, error), file=sys.stderr)
        return 3
    except (OSError, ValueError) as error:
        log_to(run_dir)(error)
        print("trainyard: cannot use the run directory %s: %s" % (run_dir, error), file=sys.stderr)
        return 2


def _supervise(run_dir: str, identity: Identity) -> int:
    _when_there_is_room(identity.create)
    exit_file = ExitFile(run_dir)
    held = None
    try:
        try:
            spec = load(os.path.join(run_dir, "spec.json"))
            held = _leases(run_dir, spec)
            held.take()
        except SpecError as error:
            raise launch.LaunchError("exec", str(error)) from None
        except leases.LeaseError as error:
            raise launch.LaunchError("lease", str(error)) from None
        _when_there_is_room(lambda: os.makedirs(os.path.join(run_dir, "events"), exist_ok=True))
        warnings = put_back(spec, run_dir)
        out_of_memory = memory.OutOfMemory()
        _detach()
        pid = launch.start(spec, run_dir, dict(os.environ))
    except launch.LaunchError as error:
        if held:
            held.release()
        _tell(run_dir, str(error))
        exit_file.write(_exit(launch_error={"kind": error.kind, "message": str(error), "errno": error.errno}))
        return 0
    _become_subreaper()
    log = log_to(run_dir)
    watch = Watch(run_dir, spec, identity, log)
    try:
        identity.script_started(pid)
    except OSError as error:
        log(error)
    ticks = identity.content["script"]["startTicks"]
    return _watch(run_dir, spec, identity, exit_file, watch, (pid, ticks, False), held, out_of_memory, warnings)


def _when_there_is_room(work: Callable[[], None]) -> None:
    """Before the script runs there is time: what a full or failing disk refuses is tried again for a while."""
    until = time.monotonic() + START_PATIENCE_S
    while True:
        try:
            return work()
        except OSError:
            if time.monotonic() >= until:
                raise
            time.sleep(START_RETRY_S)


def _adopt(run_dir: str, identity: Identity) -> int:
    """Goes on for a supervisor that died. How the script ends cannot be known: it is not our child."""
    exit_file = ExitFile(run_dir)
    if exit_file.exists():
        exit_file.discard()
        return 0
    script = identity.adopt()
    spec = load_or_raise(run_dir)
    _detach()
    _become_subreaper()
    watch = Watch(run_dir, spec, identity, log_to(run_dir))
    held = _leases(run_dir, spec)
    watch.guard(held.take_missing)
    watch.every(LEASES_EVERY_S, LEASES_EVERY_S, held.take_missing)
    watch.leases_with_the_tree = held.with_the_tree
    script = (*(script or (0, 0)), True)
    return _watch(run_dir, spec, identity, exit_file, watch, script, held, memory.OutOfMemory())


def _watch(
    run_dir: str,
    spec: Spec,
    identity: Identity,
    exit_file: ExitFile,
    watch: Watch,
    script: tuple,
    held: leases.Held,
    out_of_memory: memory.OutOfMemory,
    warnings: list | None = None,
) -> int:
    finish = _keep_books(run_dir, spec, watch, adopted=script[2], warnings=warnings or [])
    watch.every(OUT_OF_MEMORY_EVERY_S, OUT_OF_MEMORY_EVERY_S, out_of_memory.look)
    watch.every(leases.HEARTBEAT_S, leases.HEARTBEAT_S, held.beat)
    watch.until_gone(*script)
    held.release()  # before exit.json: who reads it may start the next one on these slots at once
    watch.guard(finish)  # may wait for room on a full disk
    code, name = _ending(watch.status)
    ended_badly = (name is not None or bool(code)) and not watch.ladder.escalated
    exit_file.write(
        _exit(
            code=code,
            signal_name=name,
            started_at=identity.content["startedAt"],
            acknowledged=watch.events.acknowledged,
            asked=watch.ladder.asked,
            escalated=watch.ladder.escalated,
            peak_memory_bytes=watch.peak_memory_bytes or None,
            memory_limit_bytes=memory.limit_bytes(),
            out_of_memory=ended_badly and out_of_memory.was_lately(),
            killed_children=watch.killed_children,
        )
    )
    return 0


def _keep_books(run_dir: str, spec: Spec, watch: Watch, adopted: bool, warnings: list) -> Callable[[], None]:
    """System metrics, and metrics out of the output. Returns what is to be done when all is over."""
    # Imported now, while the script's interpreter starts: none of this may delay the script.
    from ..events import EXIT_PATIENCE_S, EventWriter
    from . import provenance
    from .gpu import GpuReader
    from .log_files import LOOK_EVERY_S, LogFiles
    from .output_limit import FINISH_S, OutputLimit
    from .output_reader import OutputReader
    from .system_metrics import EVERY_S, SystemMetrics

    # An adopter is another process, so it writes files of its own.
    suffix = "-%d" % os.getpid() if adopted else ""
    events = EventWriter(os.path.join(run_dir, "events", "0-supervisor%s.jsonl" % suffix))
    for message in warnings:
        _warn(events, "put_back", message)
    gpu = GpuReader(spec.slots, watch.tree.helpers)
    system = SystemMetrics(run_dir, events, gpu)
    watch.every(EVERY_S, EVERY_S / 2, lambda: watch.note_memory(system.sample(watch.members())))
    limit = None
    if spec.output_limit_bytes:
        limit = OutputLimit(run_dir, spec.output_limit_bytes, lambda *said: _warn(events, *said))
        watch.every(OUTPUT_EVERY_S, OUTPUT_EVERY_S, limit.poll)
    gone = limit.dropped if limit else {}
    output = OutputReader(run_dir, watch.events.is_reported, suffix, gone) if spec.output_metrics else None
    if output:
        watch.every(OUTPUT_EVERY_S, OUTPUT_EVERY_S, output.poll)

    logs = LogFiles(run_dir, spec.hyperparameters, watch.events, suffix) if "metrics" in spec.capture else None
    if logs:
        watch.every(LOOK_EVERY_S, LOOK_EVERY_S, logs.poll)

    recorders: list = []
    if not adopted:
        watch.guard(lambda: recorders.append(provenance.Recorder(spec, run_dir, watch.tree.helpers)))
    for recorder in recorders:
        watch.guard(recorder.poll)
        watch.every(PROVENANCE_EVERY_S, PROVENANCE_EVERY_S, recorder.poll)

    def finish() -> None:
        gpu.close()
        if logs:
            logs.finish(EXIT_PATIENCE_S)
        if output:
            output.finish(EXIT_PATIENCE_S)
        if limit:
            limit.poll(FINISH_S)
        events.close(EXIT_PATIENCE_S)
        for recorder in recorders:
            recorder.finish()

    return finish


def _warn(events: object, code: str, message: str) -> None:
    events.append('"type":"warning","code":%s,"message":%s' % (json.dumps(code), json.dumps(message)))


def _exit(
    code: int | None = None,
    signal_name: str | None = None,
    started_at: float | None = None,
    acknowledged: dict | None = None,
    asked: str | None = None,
    escalated: str | None = None,
    peak_memory_bytes: int | None = None,
    memory_limit_bytes: int | None = None,
    out_of_memory: bool = False,
    killed_children: int = 0,
    launch_error: dict | None = None,
) -> dict:
    return {
        "version": 1,
        "code": code,
        "signal": signal_name,
        "startedAt": started_at,
        "endedAt": time.time(),
        "acknowledged": acknowledged,
        "asked": asked,
        "escalated": escalated,
        "peakMemoryBytes": peak_memory_bytes,
        "memoryLimitBytes": memory_limit_bytes,
        "outOfMemory": out_of_memory,
        "killedChildren": killed_children,
        "launchError": launch_error,
    }


def _ending(status: int | None) -> tuple:
    """Exit code and signal name of a wait status; both None when it is not known."""
    if status is None:
        return None, None
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status), None
    number = os.WTERMSIG(status)
    try:
        return None, signal.Signals(number).name
    except ValueError:
        return None, "SIG%d" % number


def _leases(run_dir: str, spec: Spec) -> leases.Held:
    return leases.Held(spec.leases, [slot["lease"] for slot in spec.slots], _holder(run_dir, spec))


def _holder(run_dir: str, spec: Spec) -> dict:
    import pwd

    try:
        account = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        account = str(os.geteuid())
    return {
        "account": account,
        "host": os.uname().nodename,
        "pid": os.getpid(),
        "run": spec.run,
        "pool": os.path.dirname(os.path.dirname(run_dir)),
        "since": time.time(),
    }


def load_or_raise(run_dir: str) -> Spec:
    try:
        return load(os.path.join(run_dir, "spec.json"))
    except SpecError as error:
        raise ValueError(str(error)) from None


def _detach() -> None:
    try:
        os.setsid()
    except OSError:
        pass  # already the leader of a session of its own
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _become_subreaper() -> None:
    # After the script's exec, since ctypes takes milliseconds to load: the kernel marks descendants that exist too.
    try:
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # then the run's key in the environment finds the tree


def _tell(run_dir: str, message: str) -> None:
    """Puts the supervisor's word where the person looks: in the run's output."""
    try:
        with open(os.path.join(run_dir, "stderr.log"), "a", encoding="utf-8") as file:
            file.write("trainyard: %s\n" % message)
    except OSError:
        pass


def log_to(run_dir: str) -> object:
    said = set()

    def log(error: BaseException) -> None:
        import traceback

        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        if text in said or len(said) > 100:
            return
        said.add(text)
        try:
            with open(os.path.join(run_dir, "supervisor.log"), "a", encoding="utf-8") as file:
                file.write("%.3f %s" % (time.time(), text))
        except OSError:
            pass

    return log
