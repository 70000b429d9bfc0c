"""Which imports of a script are asked for, and which are left alone: the programs as the pool runs them."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from support import PACKAGE_PARENT

FOLDER = os.path.join(PACKAGE_PARENT, "trainyard", "environment")


def ask(program, *arguments, **environment):
    ran = subprocess.run(
        [sys.executable, "-B", os.path.join(FOLDER, program), *arguments],
        cwd="/",
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    )
    return json.loads(ran.stdout.rpartition("\n=trainyard=")[2])


class Imports(unittest.TestCase):
    def missing(self, files, directory=".", python_path=None, script="train.py"):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = os.path.join(root, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(text if isinstance(text, bytes) else text.encode())
            request = {"root": root, "directory": directory, "script": script, "pythonPath": python_path}
            answer = ask("imports.py", json.dumps(request))["missing"]
            self.assertEqual([], [name for name in os.listdir(root) if name == "__pycache__"])
        return ["%s %s:%d" % (one["module"], one["file"], one["line"]) for one in answer]

    def test_what_a_run_has_a_stand_in_for_is_not_missing(self):
        self.assertEqual(self.missing({"train.py": "import determined as det\nfrom determined.pytorch import Trainer\nimport nowhere"}),
                         ["nowhere train.py:3"])  # fmt: skip

    def test_what_is_there_is_not_missing(self):
        self.assertEqual([], self.missing({"train.py": "import json, os.path, sys\nimport trainyard\nfrom xml import dom\n"}))

    def test_each_missing_module_once_with_its_first_place(self):
        files = {"train.py": "import json\nimport nosuch.deep\nfrom nosuch import x\nfrom other import y\n"}
        self.assertEqual(["nosuch train.py:2", "other train.py:4"], self.missing(files))

    def test_only_what_certainly_runs(self):
        script = """
from typing import TYPE_CHECKING
try:
    import nosuch1
except ImportError:
    nosuch1 = None
try:
    import nosuch2
except (ValueError, ModuleNotFoundError):
    pass
import contextlib
with contextlib.suppress(ImportError):
    import nosuch3
if TYPE_CHECKING:
    import nosuch4
def f():
    import nosuch5
try:
    import wanted1
finally:
    import wanted2
with open("/dev/null"):
    import wanted3
class C:
    import wanted4
if __name__ == "__main__":
    import wanted5
raise SystemExit
import nosuch6
"""
        found = [line.split()[0] for line in self.missing({"train.py": script})]
        self.assertEqual(["wanted1", "wanted2", "wanted3", "wanted4", "wanted5"], found)

    def test_modules_of_the_snapshot_are_followed_and_not_run(self):
        files = {
            "src/train.py": "import helper\nfrom pack.deep import thing\n",
            "src/helper.py": "import nosuch1\nif __name__ == '__main__':\n    import nosuch_main\nraise RuntimeError\n",
            "src/pack/__init__.py": "from . import sibling\n",
            "src/pack/sibling.py": "import nosuch2\n",
            "src/pack/deep.py": "from ..pack import cousin\nimport nosuch3\n",
            "src/pack/cousin.py": "import nosuch4\n",
        }
        found = self.missing(files, script="src/train.py")
        expected = ["src/helper.py:1", "src/pack/cousin.py:1", "src/pack/deep.py:2", "src/pack/sibling.py:1"]
        self.assertEqual(expected, sorted(line.split()[1] for line in found))

    def test_pythonpath_of_the_configuration_counts(self):
        files = {"code/train.py": "import library\n", "lib/library.py": ""}
        self.assertEqual(["library code/train.py:1"], self.missing(files, "code"))
        self.assertEqual([], self.missing(files, "code", "../lib"))

    def test_who_changes_the_path_finds_what_the_snapshot_has(self):
        files = {"train.py": "import sys\nsys.path.insert(0, 'lib')\nimport library, nosuch\n", "lib/library.py": ""}
        self.assertEqual(["nosuch train.py:3"], self.missing(files))
        with tempfile.TemporaryDirectory() as outside:
            open(os.path.join(outside, "elsewhere.py"), "w").close()
            self.assertEqual([], self.missing({"train.py": "import sys\nsys.path.append(%r)\nimport elsewhere\n" % outside}))

    def test_what_cannot_be_read_is_passed_over(self):
        for text in ("import (\n", b"\xff\xfe\x00", b"\x00", "(" * 10_000, "x = " + "-" * 100_000 + "1"):
            self.assertEqual([], self.missing({"train.py": text}))
        self.assertEqual([], self.missing({}))

    def test_links_out_of_the_snapshot_are_not_followed(self):
        with tempfile.TemporaryDirectory() as outside:
            with open(os.path.join(outside, "secret.py"), "w") as file:
                file.write("import nosuch\n")
            with tempfile.TemporaryDirectory() as root:
                os.symlink(os.path.join(outside, "secret.py"), os.path.join(root, "train.py"))
                request = {"root": root, "directory": ".", "script": "train.py", "pythonPath": None}
                self.assertEqual([], ask("imports.py", json.dumps(request))["missing"])


class Probe(unittest.TestCase):
    def test_says_what_it_is(self):
        answer = ask("probe.py")
        self.assertEqual("%d.%d.%d" % sys.version_info[:3], answer["version"])
        self.assertTrue(os.path.isabs(answer["executable"]))

    def test_reads_the_version_of_pytorch_and_imports_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "torch"))
            with open(os.path.join(folder, "torch", "__init__.py"), "w") as file:
                file.write("raise SystemExit(1)\n")
            with open(os.path.join(folder, "torch", "version.py"), "w") as file:
                file.write("__version__ = '2.5.1+cu124'\ncuda: str = '12.4'\ngit = open('/nowhere')\n")
            answer = ask("probe.py", PYTHONPATH=folder)
        self.assertEqual(("2.5.1+cu124", "12.4"), (answer["torch"], answer["cuda"]))


if __name__ == "__main__":
    unittest.main()
