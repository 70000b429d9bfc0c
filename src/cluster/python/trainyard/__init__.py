"""Trainyard beside the training script: report metrics, write checkpoints, stop when asked.

    import trainyard

    run = trainyard.init()
    lr = trainyard.param("lr", 1e-3)
    for step in range(steps):
        ...
        run.report(step, loss=loss)
        if run.should_stop():
            with run.checkpoint(step) as path:
                save(path / "model.pt")
            break

Standard library only, Python 3.8 and later. In a run of a pool the files go to the run directory
(docs/run-directory.md); elsewhere they are kept in ./trainyard-runs/, in the same format.
"""

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the cost of importing typing
if TYPE_CHECKING:
    from .harness.api import (
        CheckpointError,
        InvalidHP,
        Params,
        Run,
        checkpoint,
        init,
        latest_checkpoint,
        param,
        progress,
        report,
        should_stop,
        validate,
    )

__version__ = "0.1.0"
__all__ = [
    "CheckpointError",
    "InvalidHP",
    "Params",
    "Run",
    "checkpoint",
    "init",
    "latest_checkpoint",
    "param",
    "progress",
    "report",
    "should_stop",
    "validate",
]


def __getattr__(name):
    # Loaded on first use: the supervisor lives in this package too and must start in milliseconds.
    if name not in __all__:
        raise AttributeError("module 'trainyard' has no attribute %r" % name)
    from .harness import api

    value = getattr(api, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(list(globals()) + __all__)
