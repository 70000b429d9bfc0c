"""Runs at each start of a Python in a run, before the script: this folder is the first of the run's PYTHONPATH.

It puts Trainyard's import hooks in place (trainyard/capture), and then runs the sitecustomize that was there before. It
fails open: a mistake of ours never touches training.
"""

import sys


def _install():
    try:
        from trainyard.capture import install

        install.install()
    except Exception as error:  # noqa: B902
        try:
            sys.stderr.write("trainyard: what the script reports is not captured: %r\n" % (error,))
        except Exception:
            pass


def _run_the_one_before():
    here = __spec__.origin.rpartition("/")[0]
    # The hooks are in place; children get this folder from PYTHONPATH again.
    sys.path[:] = [entry for entry in sys.path if entry != here]
    finder = sys.modules["_frozen_importlib_external"].PathFinder
    spec = finder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        return
    module = sys.modules["_frozen_importlib"].module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_install()
_run_the_one_before()
