"""Checkpoints: what is listed can be restored, and nothing half-written is listed."""

import hashlib
import os
import unittest

from support import Pool

HEAD = """
    import os, socket, trainyard
    run = trainyard.init()
    def attempt(write, **metadata):
        try:
            with run.checkpoint(1, **metadata) as path:
                write(path)
            print("stored")
        except Exception as error:
            print("%s: %s" % (type(error).__name__, error))
"""


class Checkpoints(Pool):
    def manifests(self):
        root = os.path.join(self.pool, "checkpoints")
        return [os.path.join(root, name) for name in os.listdir(root)] if os.path.isdir(root) else []

    def test_what_is_stored(self):
        script = (
            HEAD
            + """
    def write(path):
        (path / "a" / "b").mkdir(parents=True)
        (path / "a" / "b" / "w.bin").write_bytes(b"weights" * 1000)
        (path / "empty").write_bytes(b"")
        (path / "caf\\u00e9 1.txt").write_text("x")
        os.symlink("a/b/w.bin", path / "latest.bin")
        os.symlink(path / "a" / "b", path / "folder")
    run.report(1, loss=0.5)
    run.validate(1, val_loss=float("nan"))
    run.report(2, ahead=0.1)
    attempt(write, epoch=2, lr=1e-3, tags=["x"])
        """
        )
        run_dir, ended = self.run_script(script)
        self.assertEqual(self.text(run_dir, "stdout.log"), "stored\n")
        (folder,) = self.manifests()
        manifest = self.read(folder, "manifest.json")
        self.assertEqual(sorted(os.listdir(folder)), ["files", "manifest.json"])
        self.assertEqual((manifest["run"], manifest["trial"], manifest["step"]), ("1.1.1", "1.1", 1))
        self.assertEqual(manifest["metadata"], {"epoch": 2, "lr": 0.001, "tags": ["x"]})
        self.assertEqual(manifest["metrics"], {"training/loss": 0.5, "validation/val_loss": "NaN"})
        paths = [file["path"] for file in manifest["files"]]
        self.assertEqual(paths, ["a/b/w.bin", "caf\u00e9 1.txt", "empty", "folder/w.bin", "latest.bin"])
        for file in manifest["files"]:
            path = os.path.join(folder, "files", file["path"])
            self.assertFalse(os.path.islink(path))
            with open(path, "rb") as stored:
                content = stored.read()
            self.assertEqual((len(content), hashlib.sha256(content).hexdigest()), (file["bytes"], file["sha256"]))
        events = self.events(run_dir, "checkpoint")
        self.assertEqual([(e["uuid"], e["step"]) for e in events], [(manifest["uuid"], 1)])

    def test_what_is_stored_is_read_only(self):
        script = (
            HEAD
            + """
    def write(path):
        (path / "sub").mkdir()
        (path / "sub" / "w.bin").write_bytes(b"weights")
        with open("last.bin", "w") as file: file.write("as it was")
        os.link("last.bin", path / "last.bin")
    attempt(write)
    with open("last.bin", "r+") as file: file.write("changed")
    attempt(lambda path: (path.parent / "manifest.json").mkdir())
        """
        )
        run_dir, ended = self.run_script(script)
        lines = self.text(run_dir, "stdout.log").splitlines()
        self.assertEqual(lines[0], "stored")
        self.assertTrue(lines[1].startswith("IsADirectoryError"), lines)
        (folder,) = self.manifests()  # what fails after the write bits are gone leaves nothing either
        for place, _, names in os.walk(os.path.join(folder, "files")):
            for path in [os.path.join(place, name) for name in names]:
                self.assertEqual(os.stat(path).st_mode & 0o222, 0, path)
        self.assertEqual(self.text(folder, "files/last.bin"), "as it was", "a hard link would change with its source")
        self.assertEqual(os.stat(os.path.join(run_dir, "work", "last.bin")).st_mode & 0o200, 0o200)

    def test_what_is_refused_leaves_nothing(self):
        script = (
            HEAD
            + """
    attempt(lambda path: os.symlink("/etc/passwd", path / "out"))
    attempt(lambda path: os.symlink("../../../elsewhere", path / "up"))
    attempt(lambda path: os.symlink("nothing", path / "dangling"))
    attempt(lambda path: os.symlink(".", path / "loop"))
    attempt(lambda path: os.mkfifo(path / "pipe"))
    attempt(lambda path: socket.socket(socket.AF_UNIX).bind(str(path / "s")[-100:]) if len(str(path)) < 90 else os.mkfifo(path / "s"))
    attempt(lambda path: (path / "back\\\\slash").write_text("x"))
    attempt(lambda path: (path / "new\\nline").write_text("x"))
    attempt(lambda path: open(os.fsencode(path) + b"/\\xff", "w"))
    attempt(lambda path: 1 / 0)
    attempt(lambda path: None, model=object())
    print(run.latest_checkpoint)
        """
        )
        run_dir, ended = self.run_script(script)
        lines = self.text(run_dir, "stdout.log").splitlines()
        self.assertEqual(len(lines), 12, lines)
        self.assertNotIn("stored", lines)
        self.assertTrue(all(line.startswith("CheckpointError: checkpoint: ") for line in lines[:9]), lines)
        self.assertIn("out leads out of the checkpoint, to /etc/passwd", lines[0])
        self.assertIn("ZeroDivisionError", lines[9])
        self.assertIn("metadata.model", lines[10])
        self.assertEqual(lines[11], "None")
        self.assertEqual(self.manifests(), [])
        self.assertEqual(self.events(run_dir, "checkpoint"), [])

    def test_killed_while_writing_there_is_no_manifest(self):
        script = (
            HEAD
            + """
    def write(path):
        (path / "half").write_bytes(b"x" * 1000)
        os.kill(os.getpid(), 9)
    attempt(write)
        """
        )
        run_dir, ended = self.run_script(script)
        self.assertEqual(ended["signal"], "SIGKILL")
        (folder,) = self.manifests()
        self.assertEqual(os.listdir(folder), ["files"])
        self.assertEqual(self.events(run_dir, "checkpoint"), [])

    def test_going_on_from_one(self):
        first, _ = self.run_script(HEAD + "\n    attempt(lambda path: (path / 'm').write_text('five!'))")
        (folder,) = self.manifests()
        latest = {"uuid": os.path.basename(folder), "step": 1}
        script = "import trainyard\nprint((trainyard.init().latest_checkpoint / 'm').read_text())"
        second, ended = self.run_script(script, name="1.1.2", latestCheckpoint=latest)
        self.assertEqual(self.text(second, "stdout.log"), "five!\n")

        os.chmod(os.path.join(folder, "files", "m"), 0o600)
        with open(os.path.join(folder, "files", "m"), "w") as file:
            file.write("cut")
        third, ended = self.run_script(script, name="1.1.3", latestCheckpoint=latest)
        self.assertEqual(ended["code"], 1)
        self.assertIn("damaged: m has 3 bytes, its manifest says 5", self.text(third, "stderr.log"))

        manifest = self.read(folder, "manifest.json")
        manifest["files"][0]["path"] = "../manifest.json"
        self.put(folder, "manifest.json", manifest)
        fourth, ended = self.run_script(script, name="1.1.4", latestCheckpoint=latest)
        self.assertEqual(ended["code"], 1)
        self.assertIn("a path out of it", self.text(fourth, "stderr.log"))

        os.unlink(os.path.join(folder, "manifest.json"))
        fifth, ended = self.run_script(script, name="1.1.5", latestCheckpoint=latest)
        self.assertEqual(ended["code"], 1)
        self.assertIn("cannot be gone on from", self.text(fifth, "stderr.log"))

    def test_metadata_and_lists_of_files_have_limits_that_are_said(self):
        script = (
            HEAD
            + """
    from trainyard.harness import checkpoints
    write = lambda path: (path / "w").write_text("x")
    attempt(write, long="x" * 70_000)
    deep = []
    for _ in range(1000):
        deep = [deep]
    attempt(write, deep=deep)
    checkpoints.MAX_MANIFEST_BYTES = 1000
    attempt(lambda path: [(path / ("file%d" % i)).write_text("x") for i in range(20)])
    attempt(write)
        """
        )
        run_dir, _ = self.run_script(script)
        output = self.text(run_dir, "stdout.log").splitlines()
        self.assertRegex(output[0], "CheckpointError: .*metadata has 70011 bytes, at most 65536 are kept")
        self.assertRegex(output[1], "TypeError: metadata.deep.*nested deeper than 100")
        self.assertRegex(output[2], "CheckpointError: .*list of its 20 files has [0-9]+ bytes, at most 1000 .*fewer files")
        self.assertEqual(output[3:], ["stored"])
        self.assertEqual(len(self.manifests()), 1)


if __name__ == "__main__":
    unittest.main()
