"""A disk that fails for one process tree, on command: test/faults/faultyDisk.c, built for who asks."""

import os
import shutil
import subprocess

from support import ROOT

SOURCE = os.path.join(ROOT, "test", "faults", "faultyDisk.c")
MISSING = None if shutil.which("gcc") else "a disk that fails needs gcc"


class FaultyDisk:
    """`env` is what the processes need that are to meet it."""

    def __init__(self, folder):
        library = os.path.join(folder, "faultyDisk.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
        self._control = os.path.join(folder, "faults")
        self.env = {"LD_PRELOAD": library, "FAULTY_DISK": self._control}

    def fail(self, *faults):
        """Each (calls, error, prefix) or (calls, error, prefix, from): see faultyDisk.c."""
        with open(self._control + ".new", "w") as file:
            for calls, error, prefix, *first in faults:
                file.write("%s %s %d %s\n" % (calls, error, first[0] if first else 1, prefix))
        os.replace(self._control + ".new", self._control)

    def heal(self):
        if os.path.exists(self._control):
            os.unlink(self._control)
