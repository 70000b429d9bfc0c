"""python3 -m determined.exec.harness --train-entrypoint model_def:MyTrial: trains a PyTorchTrial as its configuration says."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from typing import Any

import determined as det


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m determined.exec.harness", description=__doc__)
    parser.add_argument("--train-entrypoint", required=True, help="MODULE:CLASS")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format=det.LOG_FORMAT, stream=sys.stdout)
    sys.path.insert(0, "")  # the model definition is beside where this runs
    trial_class = _load(given.train_entrypoint)

    from determined import pytorch
    from determined.pytorch._units import unit_of

    if not (isinstance(trial_class, type) and issubclass(trial_class, pytorch.PyTorchTrial)):
        sys.exit("%s is no determined.pytorch.PyTorchTrial: only those run here" % given.train_entrypoint)
    info = det.get_cluster_info()
    assert info is not None
    configuration = info.trial._config
    with pytorch.init() as context:
        trainer = pytorch.Trainer(trial_class(context), context)
        trainer.fit(
            checkpoint_period=unit_of(configuration["min_checkpoint_period"]),
            validation_period=unit_of(configuration["min_validation_period"]),
            reporting_period=pytorch.Batch(int(configuration.get("scheduling_unit") or 100)),
            checkpoint_policy=configuration["checkpoint_policy"],
            latest_checkpoint=info.latest_checkpoint,
            step_zero_validation=bool(configuration["perform_initial_validation"]),
        )
    return 0


def _load(entrypoint: str) -> Any:
    module, _, name = entrypoint.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError:
        sys.exit("%s has no class %s" % (module, name))


if __name__ == "__main__":
    sys.exit(main())
