"""Runs at each start of a Python in a run, before the script: this folder is the first of the run's PYTHONPATH.

It puts Trainyard's import hooks in place (trainyard/capture), lets a script find the module `determined` where none is
installed (trainyard/stand_ins), and then runs the sitecustomize that was there before. It fails open: a mistake of ours
never touches training.
"""

import os
import sys


class StandIns:
    """The last finder of all: whoever has the real library gets that one."""

    names = ("determined",)

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name not in cls.names:
            return None
        from importlib.util import spec_from_file_location

        trainyard = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        folder = os.path.join(trainyard, "stand_ins", name)
        return spec_from_file_location(
            name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )


def _install():
    if os.environ.get("TRAINYARD_RUN_DIR"):
        sys.meta_path.append(StandIns)
    if not os.environ.get("TRAINYARD_CAPTURE"):
        return
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
