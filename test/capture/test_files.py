"""Files that a script saves become checkpoints, are put back before a restart, and end a plain script when the pool asks."""

import hashlib
import os
import signal
import unittest

from libraries import in_environments
from support import is_dead, wait_for


@in_environments("new", "old")
class Files:
    def manifests(self):
        """Of all checkpoints, the oldest first; what they list is what is there, read-only, byte for byte."""
        root = os.path.join(self.pool, "checkpoints")
        found = []
        for name in os.listdir(root) if os.path.isdir(root) else []:
            if not os.path.exists(os.path.join(root, name, "manifest.json")):
                continue
            manifest = self.read(os.path.join(root, name), "manifest.json")
            for file in manifest["files"]:
                path = os.path.join(root, name, "files", file["path"])
                with open(path, "rb") as stored:
                    content = stored.read()
                self.assertEqual((len(content), hashlib.sha256(content).hexdigest()), (file["bytes"], file["sha256"]))
                self.assertEqual(os.stat(path).st_mode & 0o222, 0)
            found.append(manifest)
        return sorted(found, key=lambda manifest: manifest["createdAt"])

    def test_saves(self):
        run_dir = self.run_captured(
            """
            import io, joblib, numpy, os, tempfile, time, torch, trainyard
            import safetensors.torch, safetensors.numpy
            from trainyard.capture import storing
            run = trainyard.init()

            def stored(what):
                "All that was saved since is stored; says what it was."
                storing.storer().flush()
                print(what, flush=True)

            state = {"w": torch.ones(1000)}
            run.report(1, loss=0.5)
            torch.save(state, "model.pt")
            torch.save(state, open("optimizer.pt", "wb"))       # without a report between: one checkpoint
            run.report(2, loss=0.4)
            torch.save({"w": torch.zeros(1000)}, "model.pt")    # the file of step 1 has its own bytes
            run.report(3, loss=0.3)
            os.makedirs("sub/folder")
            safetensors.torch.save_file(state, "sub/folder/a.safetensors")
            safetensors.numpy.save_file({"w": numpy.ones(5)}, "b.safetensors")
            joblib.dump(state, "sub/c.joblib")
            torch.save(state, "legacy.pt", _use_new_zipfile_serialization=False)
            run.report(4, loss=0.2)
            torch.save(state, "tmp.pt")                          # the careful way
            os.replace("tmp.pt", "careful.pt")
            run.report(5, loss=0.2)
            torch.save(state, "gone.pt")                         # only to know its size
            os.remove("gone.pt")
            stored("gone")
            torch.save(state, os.path.join(tempfile.mkdtemp(), "outside.pt"))
            torch.save(state, io.BytesIO())
            os.symlink(tempfile.mkdtemp(), "away")
            torch.save(state, "away/outside.pt")
            class Bad:
                def __reduce__(self): raise ValueError("cannot be saved")
            try: torch.save({"a": Bad()}, "bad.pt")
            except ValueError: print("raised")
            memory = joblib.Memory("cache", verbose=0)
            memory.cache(abs)(-5)
            stored("not captured")
            import bz2, gzip
            with gzip.open("model.pt.gz", "wb") as file: torch.save(state, file)     # whole only when it is closed
            with bz2.open("model.pt.bz2", "wb") as file: joblib.dump(state, file)
            stored("compressed")
            with open("two.joblib", "wb") as file:                                    # one after the other
                joblib.dump([1] * 100, file)
                joblib.dump([2] * 100, file)
            with tempfile.NamedTemporaryFile(dir=".", suffix=".pt", delete=False) as file:
                torch.save(state, file)
            os.rename(file.name, "named.pt")
            stored("two")
            with run.checkpoint(6) as path:
                torch.save(state, path / "own.pt")
            torch.save(state, "after.pt")                        # it looks after its checkpoints itself
            """
        )
        found = self.manifests()
        self.assertEqual(
            [(each["step"], self.paths(each)) for each in found],
            [
                (1, ["model.pt", "optimizer.pt"]),
                (2, ["model.pt"]),
                (3, ["b.safetensors", "legacy.pt", "sub/c.joblib", "sub/folder/a.safetensors"]),
                (4, ["careful.pt"]),
                (5, ["named.pt", "two.joblib"]),
                (6, ["own.pt"]),
            ],
            self.text(run_dir, "stderr.log"),
        )
        first, second, third, fourth, fifth, own = found
        self.assertEqual(first["metadata"], {"captured": {"by": "torch.save", "beside": {}}})
        self.assertEqual(first["metrics"], {"training/loss": 0.5})
        self.assertEqual(second["metadata"]["captured"]["beside"], {"optimizer.pt": first["uuid"]})
        self.assertNotEqual(first["files"][0]["sha256"], second["files"][0]["sha256"])
        self.assertEqual(
            fourth["metadata"]["captured"]["beside"],
            {
                "optimizer.pt": first["uuid"],
                "model.pt": second["uuid"],
                **{path: third["uuid"] for path in self.paths(third)},
            },
        )
        self.assertEqual(own["metadata"], {})
        two = os.path.join(run_dir, "work", "two.joblib")
        self.assertEqual(fifth["files"][1]["bytes"], os.stat(two).st_size)
        self.assertEqual([event["uuid"] for event in self.events(run_dir, "checkpoint")], [each["uuid"] for each in found])
        self.assertEqual(self.warnings(run_dir), {})
        self.assertEqual(sorted(os.listdir(os.path.join(self.pool, "checkpoints"))), sorted(each["uuid"] for each in found))

    def test_save_pretrained(self):
        run_dir = self.run_captured(
            """
            import os, torch
            from tokenizers import Tokenizer, models
            from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
            from trainyard.capture import storing
            config = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9)
            model = BertModel(config)
            tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"a": 0}, unk_token="a")))
            os.makedirs("data")
            open("data/large.csv", "w").write("not written by the library")
            os.utime("data/large.csv", (1, 1))
            for folder in ("out", "data"):
                model.save_pretrained(folder)
                tokenizer.save_pretrained(folder)
                storing.storer().flush()
            """
        )
        out, data = self.manifests()
        for manifest, folder in ((out, "out"), (data, "data")):
            paths = [os.path.relpath(path, folder) for path in self.paths(manifest)]
            self.assertIn("config.json", paths)
            self.assertIn("tokenizer_config.json", paths)
            self.assertTrue({"model.safetensors", "pytorch_model.bin"} & set(paths), paths)
            self.assertNotIn("large.csv", paths)
            self.assertEqual(manifest["metadata"]["captured"]["by"], "save_pretrained")
        self.assertEqual(self.warnings(run_dir), {})

    SCRIPT = """
        import os, sys, time, torch
        from torch.utils.tensorboard import SummaryWriter
        writer = SummaryWriter("logs")
        start = torch.load("last.pt")["epoch"] + 1 if os.path.exists("last.pt") else 0
        print("from", start, flush=True)
        for epoch in range(start, start + 1000):
            writer.add_scalar("loss", 1 / (epoch + 1), epoch)
            torch.save({"epoch": epoch}, "last.pt")
            if epoch % 10 == 0:
                torch.save({"epoch": epoch}, "tenth.pt")
            time.sleep(0.05)
        """

    def test_killed_and_put_back(self):
        run_dir = self.make(self.SCRIPT)
        self.start(run_dir)
        wait_for(lambda: len(self.manifests()) >= 13, "checkpoints")
        pid = self.read(run_dir, "supervisor.json")["script"]["pid"]
        os.kill(pid, signal.SIGKILL)
        self.finish(run_dir)
        wait_for(lambda: is_dead(pid), "its end")
        last = self.manifests()[-1]
        self.assertIn("tenth.pt", {**last["metadata"]["captured"]["beside"], **dict.fromkeys(self.paths(last))})
        again = self.continue_from(last, self.SCRIPT)
        self.start(again)
        self.say(again, "from %d" % (last["step"] + 1))
        work = os.path.join(again, "work")
        self.assertTrue(os.access(os.path.join(work, "last.pt"), os.W_OK))
        self.assertTrue(os.path.exists(os.path.join(work, "tenth.pt")))
        # It goes on to store, and remembers what is beside.
        wait_for(lambda: self.manifests()[-1]["step"] > last["step"], "a checkpoint of the second run")
        self.control(again, 1, "pause")
        ended = self.finish(again)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "pause"})
        self.assertEqual(ended["signal"], "SIGTERM")
        self.assertEqual(ended["escalated"], None)
        newest = self.manifests()[-1]
        self.assertEqual(newest["run"], "1.1.2")
        self.assertIn("tenth.pt", {**newest["metadata"]["captured"]["beside"], **dict.fromkeys(self.paths(newest))})


del Files  # only what was made of it is to be run

if __name__ == "__main__":
    unittest.main()
