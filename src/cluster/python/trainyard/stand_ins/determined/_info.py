"""det.get_cluster_info(): what a run's spec.json says, in Determined's words."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional

from trainyard.supervising.determined import trial_number


class RendezvousInfo:
    """One container: a trial's slots are on one host."""

    def __init__(self, container_addrs: List[str], container_rank: int, container_slot_counts: List[int]) -> None:
        self.container_addrs = container_addrs
        self.container_rank = container_rank
        self.container_slot_counts = container_slot_counts


class ResourcesInfo:
    def __init__(self, gpu_uuids: List[str]) -> None:
        self.gpu_uuids = gpu_uuids


class TrialInfo:
    """`trial_id` counts over all experiments: 12.3 is 12000003."""

    def __init__(
        self, trial_id: int, experiment_id: int, trial_seed: int, hparams: Dict[str, Any], config: Dict[str, Any],
        steps_completed: int, trial_run_id: int, debug: bool = False, inter_node_network_interface: Optional[str] = None,
    ) -> None:  # fmt: skip
        self.trial_id = trial_id
        self.experiment_id = experiment_id
        self.trial_seed = trial_seed
        self.hparams = hparams
        self._config = config
        self._steps_completed = steps_completed
        self._trial_run_id = trial_run_id
        self._debug = debug
        self._inter_node_network_interface = inter_node_network_interface


class ClusterInfo:
    def __init__(self, spec: Dict[str, Any]) -> None:
        configuration = _with_defaults(spec)
        latest = spec.get("latestCheckpoint") or {}
        slots = spec.get("slots") or []
        self.master_url = ""
        self.cluster_id = "trainyard"
        self.agent_id = os.uname().nodename
        self.slot_ids = list(range(len(slots)))
        self.task_id = str(spec.get("trial"))
        self.allocation_id = str(spec.get("run"))
        self.session_token = ""
        self.task_type = "TRIAL"
        self.master_cert_name: Optional[str] = None
        self.master_cert_file: Optional[str] = None
        self._latest_checkpoint: Optional[str] = latest.get("uuid")
        self._trial_info = TrialInfo(
            trial_id=trial_number(str(spec.get("trial"))),
            experiment_id=int(spec.get("experiment") or 1),
            trial_seed=int(spec.get("seed") or 0),
            hparams=json.loads(json.dumps(spec.get("hyperparameters") or {})),
            config=configuration,
            steps_completed=int(latest.get("step") or 0),
            trial_run_id=int(spec.get("attempt") or 1),
            debug=bool(configuration.get("debug")),
        )
        self._rendezvous_info = RendezvousInfo(["127.0.0.1"], 0, [len(slots)])
        uuids = [str(slot["id"]).partition(":")[2] for slot in slots if slot.get("kind") in ("cuda", "rocm")]
        self._resources_info = ResourcesInfo(uuids)

    @property
    def latest_checkpoint(self) -> Optional[str]:
        """The checkpoint that this run goes on from, if any."""
        return self._latest_checkpoint

    @property
    def user_data(self) -> Dict[str, Any]:
        """The configuration's `data`."""
        return self._trial_info._config.get("data") or {}

    @property
    def trial(self) -> TrialInfo:
        return self._trial_info

    @property
    def container_addrs(self) -> List[str]:
        return self._rendezvous_info.container_addrs

    @property
    def container_rank(self) -> int:
        return self._rendezvous_info.container_rank

    @property
    def container_slot_counts(self) -> List[int]:
        return self._rendezvous_info.container_slot_counts

    @property
    def gpu_uuids(self) -> List[str]:
        return self._resources_info.gpu_uuids


_found: Optional[ClusterInfo] = None


def get_cluster_info() -> Optional[ClusterInfo]:
    """None outside a run."""
    global _found
    run_dir = os.environ.get("TRAINYARD_RUN_DIR")
    if _found is None and run_dir:
        try:
            with open(os.path.join(run_dir, "spec.json"), encoding="utf-8") as file:
                _found = ClusterInfo(json.load(file))
        except (OSError, ValueError) as error:
            raise RuntimeError("determined: cannot read the run's spec.json in %s: %s" % (run_dir, error)) from error
    return _found


def _with_defaults(spec: Dict[str, Any]) -> Dict[str, Any]:
    """The configuration with the keys that scripts read without asking whether they are there."""
    configuration = json.loads(json.dumps(spec.get("configuration") or {}))
    for key, value in _DEFAULTS.items():
        # Of a map that is something else the keys cannot be asked.
        if configuration.get(key) is None or isinstance(value, dict) and not isinstance(configuration[key], dict):
            configuration[key] = json.loads(json.dumps(value))
    configuration["resources"].setdefault("slots_per_trial", len(spec.get("slots") or []))
    configuration["searcher"].setdefault("metric", "validation_loss")
    configuration["searcher"].setdefault("name", "single")
    configuration["searcher"].setdefault("smaller_is_better", True)
    return configuration


_DEFAULTS: Dict[str, Any] = {
    "checkpoint_policy": "best",
    "checkpoint_storage": {"type": "directory"},
    "data": {},
    "debug": False,
    "description": None,
    "environment": {},
    "hyperparameters": {},
    "labels": [],
    "max_restarts": 5,
    "min_checkpoint_period": {"batches": 0},
    "min_validation_period": {"batches": 0},
    "optimizations": {
        "aggregation_frequency": 1,
        "average_aggregated_gradients": True,
        "average_training_metrics": True,
        "gradient_compression": False,
        "mixed_precision": "O0",
    },
    "perform_initial_validation": False,
    "profiling": {"enabled": False, "begin_on_batch": 0, "end_after_batch": None, "sync_timings": True},
    "project": "",
    "records_per_epoch": 0,
    "reproducibility": {},
    "resources": {},
    "scheduling_unit": 100,
    "searcher": {},
    "workspace": "",
}
