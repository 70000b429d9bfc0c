"""The machine as files describe it: no subprocess, no import of a framework. What cannot be seen is "not seen"."""

from __future__ import annotations

import os
import re

NOT_SEEN = "not seen"

_ENVIRONMENT = re.compile(
    r"(?:CUDA|CUDNN|CUBLAS|NCCL|NVIDIA|HIP|ROCR|HSA|MIOPEN|RCCL|OMP|GOMP|KMP|MKL|OPENBLAS|BLIS|NUMEXPR|VECLIB|TORCH|"
    r"PYTORCH|TF|XLA|JAX|TRITON|ACCELERATE|DEEPSPEED|HF|TRANSFORMERS|SLURM|TRAINYARD)_[A-Z0-9_]+\Z|"
    r"(?:PYTHONHASHSEED|PYTHONPATH|PYTHONOPTIMIZE|LD_LIBRARY_PATH|LD_PRELOAD|VIRTUAL_ENV|CONDA_PREFIX|LANG|LC_ALL|TZ|"
    r"RANK|LOCAL_RANK|WORLD_SIZE|MASTER_ADDR)\Z"
)
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|JWT|COOKIE|PRIVATE|SIGNATURE", re.IGNORECASE)
_LEFT_OUT = ("TRAINYARD_PARAMS", "TRAINYARD_RUN_KEY")


def operating_system() -> dict:
    name = os.uname()
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', _read("/etc/os-release"), re.MULTILINE))
    return {
        "system": name.sysname,
        "kernel": name.release,
        "machine": name.machine,
        "distribution": release.get("PRETTY_NAME") or NOT_SEEN,
        "host": name.nodename,
    }


def processor() -> dict:
    model = re.search(r"^(?:model name|Model|cpu)\s*:\s*(.+)$", _read("/proc/cpuinfo", 65536), re.MULTILINE)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return {
        "model": model.group(1).strip() if model else NOT_SEEN,
        "count": os.cpu_count() or NOT_SEEN,
        "usable": usable or NOT_SEEN,
        "memoryBytes": int(memory.group(1)) * 1024 if memory else NOT_SEEN,
    }


def driver() -> str:
    """The NVIDIA or AMD kernel driver's version."""
    nvidia = re.search(r"Kernel Module.*?\s(\d+\.\d+[.\d]*)\s", _read("/proc/driver/nvidia/version"))
    if nvidia:
        return "nvidia " + nvidia.group(1)
    amd = _read("/sys/module/amdgpu/version").strip()
    return "amdgpu " + amd if amd else NOT_SEEN


def devices() -> object:
    """What the NVIDIA driver lists: model and UUID of each GPU."""
    found = []
    folder = "/proc/driver/nvidia/gpus"
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return NOT_SEEN
    for name in names:
        fields = dict(
            re.findall(r"^([^:\n]+):\s*(.*)$", _read(os.path.join(folder, name, "information")), re.MULTILINE)
        )
        found.append({"bus": name, "model": fields.get("Model", NOT_SEEN), "uuid": fields.get("GPU UUID", NOT_SEEN)})
    return found or NOT_SEEN


def packages(folders: list) -> dict:
    """Distributions in these folders and their versions, by the names of their metadata: no file is opened for it."""
    found: dict = {}
    for folder in folders:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            stem, dot, kind = name.rpartition(".")
            if kind in ("dist-info", "egg-info") and "-" in stem:
                package, version = stem.split("-")[:2]
                found.setdefault(package.replace("_", "-").lower(), version)  # the first on the path is imported
    return dict(sorted(found.items()))


def environment(variables: dict, secret_names: list) -> dict:
    """The listed variables that results depend on; nothing that looks like, or was given as, a secret."""
    return {
        name: value
        for name, value in sorted(variables.items())
        if _ENVIRONMENT.match(name) and not _SECRET.search(name) and name not in secret_names and name not in _LEFT_OUT
    }


def masked(arguments: list, variables: dict, secret_names: list) -> list:
    """A command line without the values of secrets."""
    secrets = [variables[name] for name in secret_names if len(variables.get(name, "")) >= 4]
    shown = []
    for argument in arguments:
        for secret in secrets:
            argument = argument.replace(secret, "***")
        shown.append(argument)
    return shown


def _read(path: str, size: int = 16384) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(size)
    except OSError:
        return ""
