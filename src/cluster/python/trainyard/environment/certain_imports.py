"""The imports of a source that certainly run when it does."""

import ast

CATCHES_IMPORTS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


class Wanted:
    """Dotted names, all below the same first one; `level` dots before it for a relative import."""

    def __init__(self, names, level, line):
        self.names = names
        self.level = level
        self.line = line


class Found:
    def __init__(self):
        self.imports = []
        self.changes_path = False
        """It touches sys.path, so what it finds is not known."""
        self.folders = []
        """Absolute paths that are written beside that."""


def read(source, is_script):
    """Raises what `ast` does for a source that is none. `is_script`: the block under `__main__` runs."""
    tree = ast.parse(source)
    found = Found()
    _statements(tree.body, found, is_script)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "path" and _name(node.value) == "sys":
            found.changes_path = True
        elif isinstance(node, ast.Attribute) and node.attr == "addsitedir":
            found.changes_path = True
    if found.changes_path:
        found.folders = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/")
        ]
    return found


def _statements(body, found, is_script):
    """Returns whether what follows is still reached."""
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.imports.append(Wanted([alias.name], 0, node.lineno))
        elif isinstance(node, ast.ImportFrom):
            found.imports.append(Wanted(_from(node), node.level, node.lineno))
        elif isinstance(node, (ast.With, ast.ClassDef)):
            # `with suppress(ImportError)` catches, too.
            if isinstance(node, ast.With) and any(_suppresses(item.context_expr) for item in node.items):
                continue
            if not _statements(node.body, found, is_script):
                return False
        elif isinstance(node, ast.Try):
            if not any(_catches(handler.type) for handler in node.handlers):
                if not _statements(node.body, found, is_script) and not node.handlers:
                    return False
                if not node.handlers:
                    _statements(node.orelse, found, is_script)
            _statements(node.finalbody, found, is_script)
        elif isinstance(node, ast.If) and is_script and _asks_for_main(node.test):
            _statements(node.body, found, is_script)
        elif isinstance(node, ast.Raise) or _ends(node):
            return False
    return True


def _from(node):
    module = node.module or ""
    names = [alias.name for alias in node.names if alias.name != "*"]
    if not module:
        return names
    return [module] + ["%s.%s" % (module, name) for name in names]


def _catches(kind):
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(_name(one) in CATCHES_IMPORTS for one in kinds)


def _suppresses(expression):
    return isinstance(expression, ast.Call) and any(_name(one) in CATCHES_IMPORTS for one in expression.args)


def _asks_for_main(test):
    return (
        isinstance(test, ast.Compare)
        and _name(test.left) == "__name__"
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )


def _ends(node):
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and _name(call.func) in ("exit", "quit", "_exit")


def _name(node):
    """`exit` of both `exit` and `sys.exit`."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None
