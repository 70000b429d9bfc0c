"""What a folder's scripts use of Determined, as one line of JSON: read, never run.

    python3 determined_uses.py FOLDER

{"scripts": [{"file", "uses": [{"line", "name", "known"}]}], "unread": [{"file", "line", "message"}]}. `name` is dotted from
`determined` or, for what is asked of the context that a script is given, from `context`. `known`: whether the stand-in of that
name (trainyard/stand_ins) has it.
"""

import ast
import json
import os
import sys

STAND_INS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stand_ins")
MAX_FILES = 5000
MAX_BYTES = 4 * 1024 * 1024
MAX_USES = 5000
"""Of one script."""
SKIPPED = {"node_modules", "__pycache__", "venv", "site-packages", "trainyard-runs"}
GROUPS = {"train", "checkpoint", "preempt", "searcher", "distributed", "profiler", "experimental"}
"""Members of a context: core_context.checkpoint.delete is context.checkpoint.delete, whatever the script calls it."""


class Uses(ast.NodeVisitor):
    def __init__(self):
        self.names = {}
        """Of each name in the script what it stands for."""
        self.found = {}

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split(".")[0] == "determined":
                self.names[alias.asname or "determined"] = alias.name if alias.asname else "determined"
                self.note(node, alias.name)

    def visit_ImportFrom(self, node):
        if node.level == 0 and (node.module or "").split(".")[0] == "determined":
            for alias in node.names:
                name = "%s.%s" % (node.module, alias.name)
                self.names[alias.asname or alias.name] = name
                self.note(node, name)

    def visit_Attribute(self, node):
        parts = []
        at = node
        while isinstance(at, ast.Attribute):
            parts.insert(0, at.attr)
            at = at.value
        if isinstance(at, ast.Name) and at.id in self.names:
            self.note(node, ".".join([self.names[at.id]] + parts))
            return
        owners = ([at.id] if isinstance(at, ast.Name) else []) + parts
        for owner, member in zip(owners, owners[1:]):
            if owner in GROUPS:
                self.note(node, "context.%s.%s" % (owner, member))
            elif owner == "context" and member not in GROUPS:
                self.note(node, "context.%s" % member)
        self.visit(at)

    def visit_Constant(self, node):
        if isinstance(node.value, str) and node.value.startswith("DET_") and node.value.isupper():
            self.note(node, "environment.%s" % node.value)

    visit_Str = visit_Constant

    def note(self, node, name):
        if len(self.found) < MAX_USES:
            self.found.setdefault((node.lineno, name), None)


def known(name):
    """Whether the stand-in has a module, or a module has a member, of that name. Deeper ones belong to classes."""
    parts = name.split(".")
    if parts[0] != "determined":
        return True
    folder = os.path.join(STAND_INS, parts[0])
    file = os.path.join(folder, "__init__.py")
    for i, part in enumerate(parts[1:], 1):
        if os.path.isdir(os.path.join(folder, part)):
            folder = os.path.join(folder, part)
            file = os.path.join(folder, "__init__.py")
        elif os.path.isfile(os.path.join(folder, part + ".py")):
            file = os.path.join(folder, part + ".py")
            return len(parts) == i + 1 or parts[i + 1] in members(file)
        else:
            return part in members(file)
    return True


def members(file):
    with open(file, "rb") as opened:
        tree = ast.parse(opened.read())
    names = {"__version__"}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def scripts(root):
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in SKIPPED
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        for name in sorted(files):
            if name.endswith(".py"):
                count += 1
                if count > MAX_FILES:
                    return
                yield os.path.join(folder, name)


def main(root):
    found = []
    unread = []
    for path in scripts(root):
        shown = os.path.relpath(path, root)
        try:
            with open(path, "rb") as file:
                source = file.read(MAX_BYTES + 1)
            if b"determined" not in source and b"DET_" not in source:
                continue
            if len(source) > MAX_BYTES:
                raise ValueError("larger than %d bytes" % MAX_BYTES)
            uses = Uses()
            uses.visit(ast.parse(source))
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
            unread.append({"file": shown, "line": getattr(error, "lineno", None) or 1, "message": "%.200s" % (error,)})
            continue
        # Without an import of it `context.train` is somebody else's.
        if not any(name.startswith(("determined", "environment.")) for _, name in uses.found):
            continue
        found.append(
            {
                "file": shown,
                "uses": [
                    {"line": line, "name": name, "known": known(name)}
                    for line, name in sorted(uses.found)
                ],
            }
        )
    print("\n=trainyard=" + json.dumps({"scripts": found, "unread": unread}))


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
