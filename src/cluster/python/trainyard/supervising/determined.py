"""What Determined's experiments find around their entrypoint: variables DET_*, and a startup-hook.sh that is sourced."""

from __future__ import annotations

import json
import os
import shutil

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from .spec import Spec

HOOK = "startup-hook.sh"
_MAX_VARIABLE_BYTES = 100 * 1024
"""The kernel takes 128 KiB in one string."""
# A line of the hook that fails ends the run, as it does there; the entrypoint itself is not changed by `set -e`.
_SOURCE = 'set -e; . "./%s"; set +e; exec "$@"' % HOOK


def environment(spec: Spec) -> dict:
    """DET_* for a run that has a configuration. What is too long for a variable is left out."""
    configuration = spec.data.get("configuration")
    if not isinstance(configuration, dict):
        return {}
    latest = spec.latest_checkpoint or {}
    slots = list(range(len(spec.slots)))
    found = {
        "DET_TASK_TYPE": "TRIAL",
        "DET_TASK_ID": spec.trial,
        "DET_ALLOCATION_ID": spec.run,
        "DET_EXPERIMENT_ID": str(spec.experiment),
        "DET_TRIAL_ID": str(trial_number(spec.trial)),
        "DET_TRIAL_RUN_ID": str(spec.data.get("attempt") or 1),
        "DET_TRIAL_SEED": str(spec.seed),
        "DET_EXPERIMENT_CONFIG": json.dumps(configuration),
        "DET_HPARAMS": json.dumps(spec.hyperparameters),
        "DET_STEPS_COMPLETED": str(int(latest.get("step") or 0)),
        "DET_SLOT_IDS": json.dumps(slots),
    }
    if latest.get("uuid"):
        found["DET_LATEST_CHECKPOINT"] = str(latest["uuid"])
    return {name: text for name, text in found.items() if len(text.encode()) <= _MAX_VARIABLE_BYTES}


def trial_number(trial: str) -> int:
    """Determined numbers trials over all experiments; here 12.3 is 12000003."""
    experiment, _, number = trial.partition(".")
    return int(experiment) * 1_000_000 + int(number or 0) if experiment.isdigit() and number.isdigit() else 0


def with_startup_hook(spec: Spec, command: list, folder: str) -> list:
    """The command, after startup-hook.sh beside it where the configuration's own entrypoint runs (Determined's way)."""
    configuration = spec.data.get("configuration")
    if not isinstance(configuration, dict) or not configuration.get("entrypoint"):
        return command
    if not os.path.isfile(os.path.join(folder, HOOK)):
        return command
    return [shutil.which("bash") or "/bin/sh", "-c", _SOURCE, "trainyard"] + command
