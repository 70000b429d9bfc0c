"""Where a run's files are: in a pool the run directory, elsewhere a folder of their own under ./trainyard-runs/."""

from __future__ import annotations

import json
import os
import sys
import time

from ..files import read_json, write_json

LOCAL_FOLDER = "trainyard-runs"


class Place:
    """`run_dir` and `checkpoints` are absolute folders; `in_pool` is False outside a pool."""

    def __init__(self, run_dir: str, checkpoints: str, run: str, trial: str, in_pool: bool) -> None:
        self.run_dir = run_dir
        self.checkpoints = checkpoints
        self.run = run
        self.trial = trial
        self.in_pool = in_pool
        told = _rank()
        self.rank = told or 0
        self._is_rank_told = told is not None
        self.hyperparameters = _hyperparameters()
        self.seed = int(os.environ.get("TRAINYARD_SEED") or 0)
        self.work = os.path.join(run_dir, "work") if in_pool else os.getcwd()


    def look_for_rank(self) -> bool:
        """Where the environment says nothing torch.distributed may, once it is initialised. Whether the rank is another now."""
        if self._is_rank_told:
            return False
        rank = _distributed_rank()
        if rank is None:
            return False
        was, self.rank, self._is_rank_told = self.rank, rank, True
        return rank != was


def find() -> Place:
    run_dir = os.environ.get("TRAINYARD_RUN_DIR")
    if not run_dir:
        return _local()
    checkpoints = os.path.join(os.path.dirname(os.path.dirname(run_dir)), "checkpoints")
    try:
        checkpoints = read_json(os.path.join(run_dir, "spec.json"))["checkpoints"]
    except (OSError, ValueError, KeyError):
        pass  # where a pool has them by default
    run = os.environ.get("TRAINYARD_RUN") or os.path.basename(run_dir)
    trial = os.environ.get("TRAINYARD_TRIAL") or run.rpartition(".")[0]
    os.makedirs(os.path.join(run_dir, "events"), exist_ok=True)
    return Place(run_dir, checkpoints, run, trial, True)


def _rank() -> int | None:
    for name in ("RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID"):
        text = os.environ.get(name, "")
        if text.isdigit() and len(text) <= 6:
            return int(text)
    return None


def _distributed_rank() -> int | None:
    distributed = sys.modules.get("torch.distributed")
    try:
        if distributed is None or not distributed.is_available() or not distributed.is_initialized():
            return None
        return int(distributed.get_rank())
    except Exception:  # half-imported, or of another version
        return None


def _hyperparameters() -> dict:
    text = os.environ.get("TRAINYARD_PARAMS")
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError("TRAINYARD_PARAMS is not JSON: %s" % error) from None
    if not isinstance(value, dict):
        raise ValueError("TRAINYARD_PARAMS is not a JSON object: %.80s" % text)
    return value


def _local() -> Place:
    name = time.strftime("%Y%m%d-%H%M%S")
    rank = _rank()
    if rank:
        name += "-rank%d" % rank
    try:
        run_dir = _new_folder(os.path.abspath(LOCAL_FOLDER), name)
    except OSError as error:
        import tempfile

        run_dir = _new_folder(os.path.join(tempfile.gettempdir(), "%s-%d" % (LOCAL_FOLDER, os.getuid())), name)
        print("trainyard: cannot write to %s (%s)" % (LOCAL_FOLDER, error.strerror), file=sys.stderr)
    print("trainyard: not in a pool; this run's files are kept in %s" % run_dir, file=sys.stderr)
    os.mkdir(os.path.join(run_dir, "events"))
    place = Place(run_dir, os.path.join(run_dir, "checkpoints"), "1.1.1", "1.1", False)
    write_json(os.path.join(run_dir, "spec.json"), _local_spec(place))
    return place


def _new_folder(parent: str, name: str) -> str:
    os.makedirs(parent, mode=0o700, exist_ok=True)
    ignore = os.path.join(parent, ".gitignore")
    if not os.path.exists(ignore):
        with open(ignore, "w", encoding="ascii") as file:
            file.write("*\n")  # never part of a snapshot
    for number in range(1, 1000):
        run_dir = os.path.join(parent, name if number == 1 else "%s-%d" % (name, number))
        try:
            os.mkdir(run_dir)
            return run_dir
        except FileExistsError:
            continue
    raise OSError(0, "1000 runs in one second", parent)


def _local_spec(place: Place) -> dict:
    import uuid

    script = sys.argv[0] if sys.argv and sys.argv[0] else "-"
    return {
        "version": 1,
        "run": place.run,
        "trial": place.trial,
        "experiment": 1,
        "attempt": 1,
        "key": str(uuid.uuid4()),
        "entrypoint": {"kind": "command", "argv": [sys.executable or "python3", script] + sys.argv[1:]},
        "directory": ".",
        "environment": {},
        "secretNames": [],
        "hyperparameters": place.hyperparameters,
        "seed": place.seed,
        "slots": [],
        "leases": "",
        "checkpoints": place.checkpoints,
        "latestCheckpoint": None,
        "stopAcknowledgeS": 10,
        "stopTermS": 10,
        "preemptionTimeoutS": 3600,
        "outputMetrics": False,
    }
