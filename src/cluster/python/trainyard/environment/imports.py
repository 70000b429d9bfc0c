"""Which modules a script would miss, as one line of JSON: run by the interpreter that would run the script.

    python3 imports.py '{"root", "directory", "script", "pythonPath"}'

The script and those modules of the snapshot that it imports are read, never run; of everything else the import system
is only asked where it is. An import counts when it certainly runs: not below `if`, in a function, or where its failure
is caught. What cannot be read is passed over, as nobody should be kept from a submit by it.
"""

import json
import os
import sys
from importlib.util import find_spec
from time import monotonic

PACKAGE_PARENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STAND_INS = os.path.join(PACKAGE_PARENT, "trainyard", "stand_ins")
"""Packages that a run has where they are not installed (trainyard/capture/site)."""
if not __package__:  # started by path: the package's parent is where imports start, not its own folder
    sys.path[:] = [PACKAGE_PARENT] + [entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))]

from trainyard.environment import certain_imports

MAX_FILES = 2000
MAX_BYTES = 4 * 1024 * 1024
MAX_NAMES = 20_000
"""Of files in the snapshot, where a name is looked for that the script may find by changing sys.path."""
MAX_S = 5.0


class Search:
    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.missing = {}
        self.seen = set()
        self.todo = []
        self.changes_path = False
        self.end = monotonic() + MAX_S

    def run(self, script):
        self.read(script, True)
        while self.todo and len(self.seen) < MAX_FILES and monotonic() < self.end:
            self.read(self.todo.pop(0), False)
        if self.changes_path:
            own = self.names_in_snapshot()
            self.missing = {name: place for name, place in self.missing.items() if name not in own}
        return [{"module": name, "file": file, "line": line} for name, (file, line) in self.missing.items()]

    def read(self, file, is_script):
        real = os.path.realpath(file)
        if real in self.seen or not self.is_inside(real):
            return
        self.seen.add(real)
        try:
            with open(real, "rb") as opened:
                source = opened.read(MAX_BYTES + 1)
            if len(source) > MAX_BYTES:
                return
            found = certain_imports.read(source, is_script)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return
        if found.changes_path:
            self.changes_path = True
            sys.path.extend(folder for folder in found.folders if os.path.isdir(folder))
        shown = os.path.relpath(real, self.root).replace(os.sep, "/")
        for wanted in found.imports:
            if wanted.level > 0:
                self.follow(_above(os.path.dirname(real), wanted.level - 1), wanted.names)
            else:
                self.resolve(wanted, shown)

    def resolve(self, wanted, shown):
        top = wanted.names[0].split(".")[0]
        if top == "trainyard" or top in sys.builtin_module_names:
            return
        try:
            spec = find_spec(top)
        except Exception:  # a finder of somebody's: whether the import would work is not known
            return
        if spec is None and not os.path.isdir(os.path.join(STAND_INS, top)):
            self.missing.setdefault(top, (shown, wanted.line))
        if spec is None:
            return
        for place in list(spec.submodule_search_locations or ()) or [spec.origin]:
            if place and self.is_inside(os.path.realpath(place)):
                self.follow(os.path.dirname(place), wanted.names)

    def follow(self, folder, names):
        """The files of dotted names below a folder of the snapshot: each package's own, then the module."""
        for name in names:
            at = folder
            for part in name.split("."):
                at = os.path.join(at, part)
                for file in (at + ".py", os.path.join(at, "__init__.py")):
                    if os.path.isfile(file):
                        self.todo.append(file)

    def is_inside(self, real):
        return real == self.root or real.startswith(self.root + os.sep)

    def names_in_snapshot(self):
        names = set()
        for _, folders, files in os.walk(self.root):
            names.update(folders)
            names.update(file.split(".")[0] for file in files if file.endswith((".py", ".so")))
            if len(names) > MAX_NAMES or monotonic() > self.end:
                break
        return names


def _above(folder, levels):
    for _ in range(levels):
        folder = os.path.dirname(folder)
    return folder


def main(request):
    folder = os.path.join(request["root"], request["directory"])
    script = os.path.join(folder, request["script"])
    own = [os.path.dirname(script)]
    own += [os.path.join(folder, entry) for entry in (request["pythonPath"] or "").split(os.pathsep) if entry]
    sys.path[:] = own + [entry for entry in sys.path if entry != PACKAGE_PARENT]
    missing = Search(request["root"]).run(script)
    print("\n=trainyard=" + json.dumps({"missing": missing}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
