"""Import hooks: a finder that does nothing but notice that a module of the table is imported.

Module and loader stay what they are; only the loader's exec_module is replaced, for the one time that it is called.
"""

import os
import sys

from .table import HOOKS

# Without annotations, and so without an import for them: each start of a Python in a run loads this.
PARTS = ("metrics", "parameters", "checkpoints", "preemption", "timing")
"""What can be captured; TRAINYARD_CAPTURE has those that are, separated by commas."""


def parts():
    """What is to be captured in this process."""
    if not os.environ.get("TRAINYARD_RUN_DIR"):
        return ()
    return tuple(part for part in os.environ.get("TRAINYARD_CAPTURE", "").split(",") if part in PARTS)


def install():
    """Called by sitecustomize, once."""
    wanted = parts()
    if not wanted:
        return
    hooks = {}
    for module, part, function in HOOKS:
        if part in wanted:
            hooks.setdefault(module, []).append(function)
    # Files of `.pth` may have imported something already.
    for name in [name for name in hooks if name in sys.modules]:
        _apply(name, hooks[name])
    sys.meta_path.insert(0, Finder(hooks))


class Finder:
    """Finds nothing by itself: it asks the others, and lets the module be wrapped after it was executed."""

    def __init__(self, hooks):
        self._hooks = hooks
        self._asking = set()

    def find_spec(self, name, path=None, target=None):
        functions = self._hooks.get(name)
        if functions is None or name in self._asking:
            return None
        self._asking.add(name)
        try:
            spec = _find(self, name, path, target)
        finally:
            self._asking.discard(name)
        if spec is not None and spec.loader is not None:
            _watch(spec.loader, name, functions)
        return spec


def _find(own, name, path, target):
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        if finder is own or find is None:
            continue
        spec = find(name, path, target)
        if spec is not None:
            return spec
    return None


def _watch(loader, name, functions):
    try:
        execute = loader.exec_module

        def execute_and_wrap(module):
            try:
                del loader.exec_module  # the class's own is there again
            except AttributeError:
                pass
            execute(module)
            _apply(name, functions)

        loader.exec_module = execute_and_wrap
    except Exception:  # a loader that lets nothing be set on it: the library works, we see nothing of it
        pass


def _apply(name, functions):
    module = sys.modules.get(name)
    for function in functions:
        try:
            from importlib import import_module

            file, _, attribute = function.partition(":")
            getattr(import_module("trainyard.capture.libraries." + file), attribute)(module)
        except Exception as error:
            from . import sink

            sink.cannot_hook(name, error)
