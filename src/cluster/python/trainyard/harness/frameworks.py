"""What numpy and PyTorch can tell, if the script has imported them: never imported here, never an exception.

Asked on the script's own thread, so everything is bounded.
"""

from __future__ import annotations

import gc
import sys
import time
from typing import Any, Dict, List

from ..machine import NOT_SEEN
from .values import to_json

MAX_OBJECTS_S = 0.1
MAX_WEIGHTS_S = 0.2
MAX_ELEMENTS = 65536
"""Of each tensor: a larger one is sampled evenly."""


known_optimizers: Any = None
"""Gives all that exist, where somebody has watched them being made (capture/libraries/torch_optim.py)."""


def random_states() -> Dict[str, Any]:
    """The generators' states as bytes (for digests()), and PyTorch's seed."""
    found: Dict[str, Any] = {
        "python": NOT_SEEN,
        "numpy": NOT_SEEN,
        "torch": NOT_SEEN,
        "torchSeed": NOT_SEEN,
        "cuda": NOT_SEEN,
    }
    random = sys.modules.get("random")
    if random is not None:
        found["python"] = _seen(lambda: repr(random.getstate()).encode())
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        found["numpy"] = _seen(lambda: repr(_numpy_state(numpy_random)).encode())
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = _seen(lambda: bytes(torch.get_rng_state().tolist()))
        found["torchSeed"] = _seen(lambda: int(torch.initial_seed()))
        if _seen(lambda: torch.cuda.is_initialized()) is True:
            found["cuda"] = _seen(lambda: bytes(torch.cuda.get_rng_state().tolist()))
    return found


def digests(states: Any) -> Any:
    """SHA-256 in place of each state; not on the script's thread."""
    import hashlib

    if not isinstance(states, dict):
        return states
    return {k: hashlib.sha256(v).hexdigest() if isinstance(v, bytes) else v for k, v in states.items()}


def threads() -> Any:
    """PyTorch's threads within and between operations."""
    torch = sys.modules.get("torch")
    if torch is None:
        return NOT_SEEN
    return _seen(lambda: {"intra": torch.get_num_threads(), "inter": torch.get_num_interop_threads()})


def torch_build() -> Any:
    torch = sys.modules.get("torch")
    if torch is None:
        return NOT_SEEN

    def build() -> Dict[str, Any]:
        backends = torch.backends
        return {
            "version": str(torch.__version__),
            "cuda": torch.version.cuda or NOT_SEEN,
            "cudnn": backends.cudnn.version() if torch.cuda.is_initialized() else NOT_SEEN,
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "cudnnBenchmark": backends.cudnn.benchmark,
            "matmulPrecision": torch.get_float32_matmul_precision(),
        }

    return _seen(build)


def optimizers() -> Any:
    """Class and settings of the PyTorch optimizers that exist, and a digest of what they train."""
    found = [_seen(lambda one=one: _describe(one)) for one in _find_optimizers()[:8]]
    return found or NOT_SEEN


def _find_optimizers() -> List[Any]:
    optim = sys.modules.get("torch.optim")
    base = getattr(optim, "Optimizer", None)
    if base is None:
        return []
    if known_optimizers is not None:
        return known_optimizers()
    found = []
    until = time.monotonic() + MAX_OBJECTS_S
    # The youngest last: an optimizer is made shortly before the first report.
    for number, thing in enumerate(reversed(gc.get_objects())):
        if number % 4096 == 0 and time.monotonic() > until:
            break
        if issubclass(type(thing), base):
            found.append(thing)
    return found


def _describe(optimizer: Any) -> Dict[str, Any]:
    groups = []
    tensors = []
    for group in optimizer.param_groups:
        tensors += group["params"]
        settings = {}
        for name, value in group.items():
            if name != "params":
                try:
                    settings[name] = to_json(value)
                except TypeError:
                    settings[name] = type(value).__name__
        groups.append({"tensors": len(group["params"]), "settings": settings})
    kind = type(optimizer)
    return {
        "class": "%s.%s" % (kind.__module__, kind.__qualname__),
        "groups": groups,
        "weights": _seen(lambda: _weights(tensors)),  # sparse, meta and distributed tensors have no values to hash
    }


def _weights(tensors: List[Any]) -> Any:
    """SHA-256 over shape, type and values (as float64) of each tensor."""
    import hashlib

    digest = hashlib.sha256()
    until = time.monotonic() + MAX_WEIGHTS_S
    sampled = False
    for tensor in tensors:
        if time.monotonic() > until:
            return NOT_SEEN
        flat = tensor.detach().reshape(-1)
        stride = -(-flat.numel() // MAX_ELEMENTS) or 1
        sampled = sampled or stride > 1
        digest.update(("%s %s\n" % (tuple(tensor.shape), tensor.dtype)).encode())
        digest.update(flat[::stride].to("cpu").double().numpy().tobytes())
    return {"sha256": digest.hexdigest(), "tensors": len(tensors), "sampled": sampled}


def _numpy_state(numpy_random: Any) -> Any:
    name, keys, position, has_gauss, cached = numpy_random.get_state()
    return name, keys.tobytes(), position, has_gauss, cached


def _seen(look: Any) -> Any:
    try:
        return look()
    except Exception:  # half-imported modules, other versions: what cannot be seen is not seen
        return NOT_SEEN
