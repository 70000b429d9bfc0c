"""Starts the script: its environment, its folder, its output, and clear words when it cannot be started."""

from __future__ import annotations

import errno
import json
import os
import signal

from . import determined
from .spec import Spec

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
MAX_THREADS = 64
"""numexpr refuses more."""
PACKAGE_PARENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SITE = os.path.join(PACKAGE_PARENT, "trainyard", "capture", "site")
"""The folder of our sitecustomize: it must come first."""


class LaunchError(Exception):
    """`kind` as in exit.json: lease, interpreter, exec or directory; `errno` such as "ENOSPC", where a call failed."""

    def __init__(self, kind: str, message: str, errno: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.errno = errno


def environment(spec: Spec, run_dir: str, inherited: dict) -> dict:
    """What the script's processes get: the supervisor's own (with the secrets), the configuration's, ours."""
    env = dict(inherited)
    env.update(spec.environment)
    env.update(thread_counts(spec, inherited))
    env.update(
        TRAINYARD_RUN_DIR=run_dir,
        TRAINYARD_RUN_KEY=spec.key,
        TRAINYARD_EXPERIMENT=str(spec.experiment),
        TRAINYARD_TRIAL=spec.trial,
        TRAINYARD_RUN=spec.run,
        TRAINYARD_SEED=str(spec.seed),
        TRAINYARD_PARAMS=json.dumps(spec.hyperparameters),
        TRAINYARD_SLOTS=str(len(spec.slots)),
    )
    env.pop("TRAINYARD_SUPERVISES", None)  # the supervisor's own mark
    env.pop("TRAINYARD_CHECKPOINT", None)
    if spec.latest_checkpoint:
        env["TRAINYARD_CHECKPOINT"] = os.path.join(spec.checkpoints, str(spec.latest_checkpoint["uuid"]), "files")
    env.setdefault("PYTHONUNBUFFERED", "1")
    work = os.path.join(run_dir, "work")
    data_paths = [os.path.normpath(os.path.join(work, path)) for path in spec.data_paths]
    if data_paths:
        given = [path for path in env.get("TRAINYARD_DATA_PATHS", "").split(os.pathsep) if path]
        env["TRAINYARD_DATA_PATHS"] = os.pathsep.join(given + data_paths)
    env["TRAINYARD_CAPTURE"] = spec.environment.get("TRAINYARD_CAPTURE", ",".join(spec.capture))
    paths = [SITE, PACKAGE_PARENT] + [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    env["PYTHONPATH"] = os.pathsep.join(paths)
    _put_first_on_path(env, spec)
    _show_devices(env, spec.slots)
    env.update(determined.environment(spec))
    return env


def thread_counts(spec: Spec, inherited: dict) -> dict:
    """The variables that we set: each process gets its slot's share of the CPUs. Results depend on these numbers to the
    last bit, so they must not come from what a library finds. Whoever sets OMP_NUM_THREADS has decided for all, since
    the others follow it."""
    given = {**inherited, **spec.environment}
    if THREADS[0] in given:
        return {}
    count = min(MAX_THREADS, max(1, len(os.sched_getaffinity(0)) // spec.slot_count))
    return {name: str(count) for name in THREADS if name not in given}


def _put_first_on_path(env: dict, spec: Spec) -> None:
    """So that `python` in the person's own command is the interpreter that was chosen; their own PATH is left alone."""
    interpreter = spec.entrypoint.get("interpreter", "")
    if spec.entrypoint["kind"] != "script" and "/" in interpreter and "PATH" not in spec.environment:
        env["PATH"] = os.pathsep.join([os.path.dirname(interpreter), env.get("PATH", os.defpath)])


def _show_devices(env: dict, slots: list) -> None:
    kinds = {slot.get("kind") for slot in slots}
    indexes = ",".join(str(slot.get("index")) for slot in slots)
    ids = [str(slot.get("id", "")).partition(":")[2] for slot in slots]
    env["TRAINYARD_DEVICES"] = ",".join(ids)
    if "cuda" in kinds:
        # Indexes, since many libraries parse them as numbers, in nvidia-smi's order; a MIG slice has only its UUID.
        env["CUDA_VISIBLE_DEVICES"] = ",".join(ids) if any(i.startswith("MIG-") for i in ids) else indexes
        env["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    elif "rocm" in kinds:
        # ROCR hides devices first; HIP then counts what is left from 0. HIP also obeys CUDA_VISIBLE_DEVICES.
        env["ROCR_VISIBLE_DEVICES"] = indexes
        env["HIP_VISIBLE_DEVICES"] = ",".join(str(i) for i in range(len(slots)))
        env.pop("CUDA_VISIBLE_DEVICES", None)
    elif "custom" not in kinds:
        for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"):
            env[name] = ""


def argv(spec: Spec) -> list:
    entry = spec.entrypoint
    if entry["kind"] == "script":
        return [entry["interpreter"], entry["script"]] + entry["arguments"]
    if entry["kind"] == "command":
        return list(entry["argv"])
    return ["/bin/sh", "-c", entry["command"]]


def start(spec: Spec, run_dir: str, inherited: dict) -> int:
    """Forks and executes; returns the pid once the exec has succeeded. Raises LaunchError."""
    folder = os.path.normpath(os.path.join(run_dir, "work", spec.directory))
    _check(spec, run_dir, folder)
    command = determined.with_startup_hook(spec, argv(spec), folder)
    env = environment(spec, run_dir, inherited)
    supervisor = os.getpid()
    report, reported = os.pipe()  # close-on-exec: it ends without a word when the exec succeeds
    pid = os.fork()
    if pid == 0:
        _become(command, env, folder, run_dir, reported, supervisor)
    os.close(reported)
    with os.fdopen(report, "rb") as pipe:
        failure = pipe.read().decode("utf-8", "replace")
    if not failure:
        return pid
    os.waitpid(pid, 0)
    kind, name, message = failure.split("\n", 2)
    raise LaunchError(kind, message, name or None)


def _check(spec: Spec, run_dir: str, folder: str) -> None:
    if not os.path.isdir(folder):
        raise LaunchError("directory", "the run's working directory has no folder %s (%s)" % (spec.directory, folder))
    entry = spec.entrypoint
    if entry["kind"] == "script":
        interpreter = entry["interpreter"]
        if "/" in interpreter and not os.path.exists(interpreter):
            raise LaunchError("interpreter", "the interpreter %s does not exist; choose another one" % interpreter)
        if "/" in interpreter and not os.access(interpreter, os.X_OK):
            raise LaunchError("interpreter", "the interpreter %s may not be executed; choose another one" % interpreter)
        if not os.path.isfile(os.path.join(folder, entry["script"])):
            where = "" if spec.directory == "." else " in %s" % spec.directory
            raise LaunchError("exec", "the script %s does not exist%s in the snapshot" % (entry["script"], where))


def _become(command: list, env: dict, folder: str, run_dir: str, reported: int, supervisor: int) -> None:
    """In the child: never returns."""
    kind = "directory"
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(os.path.join(run_dir, "stdout.log"), append, 0o644), 1)
        os.dup2(os.open(os.path.join(run_dir, "stderr.log"), append, 0o644), 2)
        os.chdir(folder)
        env["PWD"] = folder
        kind = "exec"
        if os.getppid() != supervisor:
            os._exit(127)  # it was killed meanwhile, and who takes its place does not know of us
        os.execvpe(command[0], command, env)
    except BaseException as error:
        text = error.strerror if isinstance(error, OSError) else repr(error)
        name = errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""
        message = "%s\n%s\ncannot start %s in %s: %s" % (kind, name, command[0], folder, text)
        os.write(reported, message.encode("utf-8", "replace"))
    finally:
        os._exit(127)
