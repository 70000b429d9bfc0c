"""What an interpreter is, as one line of JSON: run by that interpreter, by its path.

Also an interpreter that is too old has to be able to read this, to say that it is.
"""

import ast
import json
import os
import platform
import sys

_MAX_BYTES = 64 * 1024


def _constants(path):
    """Names that a file gives plain values, read and not run."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(_MAX_BYTES))
    except (OSError, SyntaxError, ValueError):
        return {}
    found = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name):
            try:
                found[target.id] = ast.literal_eval(node.value)
            except (ValueError, TypeError, AttributeError):
                continue
    return found


def _torch(folders):
    """Version of PyTorch and of the CUDA that it was built for, as its own version.py says."""
    for folder in folders:
        values = _constants(os.path.join(folder, "torch", "version.py"))
        version = values.get("__version__")
        if isinstance(version, str):
            cuda = values.get("cuda")
            return version, cuda if isinstance(cuda, str) else None
    return None, None


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folders = [entry for entry in sys.path if entry != here and os.path.isdir(entry)]
    torch, cuda = _torch(folders)
    try:
        import importlib.util

        has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    except (ImportError, ValueError, AttributeError):
        has_ensurepip = False
    answer = {
        "executable": sys.executable,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "machine": platform.machine(),
        "torch": torch,
        "cuda": cuda,
        "ensurepip": has_ensurepip,
        "packages": [entry for entry in folders if os.path.basename(entry) in ("site-packages", "dist-packages")],
    }
    print("\n=trainyard=" + json.dumps(answer))


main()
