"""Functions that save a file: torch, safetensors, joblib, Keras. `pickle.dump` is not among them: it is used for so much that is no
checkpoint, and only who opened the file knows when it is whole."""

from __future__ import annotations

import os
from typing import Any

from ..saves import after_save
from ..wrap import argument


def wrap_torch(module: Any) -> None:
    """torch.serialization: torch itself takes the name from here, after this. A path or a file object; both formats."""
    after_save(module, "save", "torch.save", lambda args, kwargs: argument(args, kwargs, 1, "f"))


def wrap_safetensors(module: Any) -> None:
    """safetensors.torch and safetensors.numpy; save_model and the other frameworks' modules call these."""
    by = module.__name__ + ".save_file"
    after_save(module, "save_file", by, lambda args, kwargs: argument(args, kwargs, 1, "filename"))


def wrap_joblib(module: Any) -> None:
    after_save(module, "dump", "joblib.dump", _joblib_target)


def _joblib_target(args: tuple, kwargs: dict) -> Any:
    target = argument(args, kwargs, 1, "filename")
    name = getattr(target, "name", target)
    # What joblib.Memory keeps is a cache.
    return None if isinstance(name, str) and os.path.basename(name).startswith("output.pkl") else target


def wrap_keras(module: Any) -> None:
    """keras.src.saving.saving_api, which model.save and model.save_weights call, and Keras's own callbacks through these."""
    after_save(module, "save_model", "keras", lambda args, kwargs: argument(args, kwargs, 1, "filepath"))
    after_save(module, "save_weights", "keras", _keras_weights)


def _keras_weights(args: tuple, kwargs: dict) -> Any:
    # Of sharded weights the name is that of an index alone.
    sharded = argument(args, kwargs, 3, "max_shard_size") is not None
    return None if sharded else argument(args, kwargs, 1, "filepath")
