"""Functions that save a file: torch, safetensors, joblib, Keras. `pickle.dump` is not among them: it is used for so much that is no
checkpoint, and only who opened the file knows when it is whole."""

from __future__ import annotations

import os
from typing import Any

from .. import sink
from ..saves import after_save
from ..wrap import argument


def wrap_torch(module: Any) -> None:
    """torch.serialization: torch itself takes the name from here, after this. A path or a file object; both formats."""
    after_save(module, "save", "torch.save", _torch_target)


def _torch_target(args: tuple, kwargs: dict) -> Any:
    target = argument(args, kwargs, 1, "f")
    # A part of torch.distributed.checkpoint, which is captured as a whole.
    return None if str(getattr(target, "name", target)).endswith(".distcp") else target


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


def wrap_distributed(module: Any) -> None:
    """torch.distributed.checkpoint: all ranks have written into the folder when it returns in the first one."""
    for name in ("save", "save_state_dict"):
        if hasattr(module, name):
            after_save(module, name, "torch.distributed.checkpoint", _shards)


def _shards(args: tuple, kwargs: dict) -> Any:
    if sink.run().rank != 0:
        return None
    writer = argument(args, kwargs, 1, "storage_writer")
    return kwargs.get("checkpoint_id") or getattr(writer, "path", None)


def wrap_pretrained(module: Any) -> None:
    """save_pretrained of Hugging Face's models, tokenizers and processors: a folder, into which others may write, too."""
    for name in _PRETRAINED[module.__name__]:
        owner = getattr(module, name)
        after_save(owner, "save_pretrained", "save_pretrained", _folder, only_new=True)


def _folder(args: tuple, kwargs: dict) -> Any:
    return argument(args, kwargs, 1, "save_directory")


_PRETRAINED = {
    "transformers.modeling_utils": ("PreTrainedModel",),
    "transformers.tokenization_utils_base": ("PreTrainedTokenizerBase",),
    "transformers.processing_utils": ("ProcessorMixin",),
    "transformers.feature_extraction_utils": ("FeatureExtractionMixin",),
}
