"""Provenance: what was seen is recorded, secrets are not, what was not seen says so."""

import hashlib
import importlib.util
import os
import sys
import unittest

from support import Pool, wait_for

from trainyard import machine
from trainyard.harness import frameworks

HAS_TORCH = all(importlib.util.find_spec(name) for name in ("numpy", "torch"))


class Recorded(Pool):
    def test_by_harness_and_supervisor(self):
        script = """
            import random, sys, trainyard
            random.seed(3)
            run = trainyard.init()
            lr = trainyard.param("lr", 0.1)
            with open("data/train.csv") as file: file.read()
            with open("data/sub/../big.bin", "rb") as file: file.read(1)
            with open("linked/x.txt") as file: file.read()
            with open("data/written.txt", "w") as file: file.write("x")
            with open("train.py") as file: file.read()
            try: open("data/missing")
            except FileNotFoundError: pass
            run.report(1, loss=0.5)
        """
        run_dir = self.make(script, secretNames=["MY_LOGIN", "HF_HUB"], hyperparameters={"wd": 0.5})
        work = os.path.join(run_dir, "work")
        outside = os.path.join(self.pool, "outside")
        for folder in (os.path.join(work, "data", "sub"), outside):
            os.makedirs(folder)
        with open(os.path.join(work, "data", "train.csv"), "w") as file:
            file.write("1,2\n")
        with open(os.path.join(work, "data", "big.bin"), "wb") as file:
            file.truncate(17 * 1024 * 1024)
        with open(os.path.join(outside, "x.txt"), "w") as file:
            file.write("y")
        os.symlink(outside, os.path.join(work, "linked"))
        entrypoint = {
            "kind": "script",
            "interpreter": sys.executable,
            "script": "train.py",
            "arguments": ["--key=hidden-word"],
        }
        self.put(run_dir, "spec.json", {**self.read(run_dir, "spec.json"), "entrypoint": entrypoint})
        secrets = {"MY_LOGIN": "hidden-word", "HF_HUB": "hidden-too", "HF_TOKEN": "hidden-also", "OMP_NUM_THREADS": "2"}
        self.start(run_dir, env=secrets)
        ended = self.finish(run_dir)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertNotIn("hidden", self.text(run_dir, "provenance.json"))

        whole = self.read(run_dir, "provenance.json")
        seen = whole["harness"]
        self.assertEqual(seen["parameters"]["values"], {"wd": 0.5, "lr": 0.1})
        self.assertEqual(seen["parameters"]["origin"], {"wd": "configuration", "lr": "default"})
        self.assertEqual(seen["interpreter"]["version"], sys.version)
        self.assertEqual(seen["argv"][-1], "--key=***")
        self.assertEqual(seen["threads"]["OMP_NUM_THREADS"], "2")
        self.assertEqual(seen["threads"]["MKL_NUM_THREADS"], os.environ.get("MKL_NUM_THREADS", "not seen"))
        self.assertEqual(seen["environment"]["OMP_NUM_THREADS"], "2")
        self.assertEqual(seen["seeds"]["TRAINYARD_SEED"], "7")
        import random

        random.seed(3)
        state = hashlib.sha256(repr(random.getstate()).encode()).hexdigest()
        self.assertEqual(seen["randomStates"]["start"]["python"], state)
        self.assertEqual(seen["randomStates"]["start"]["torch"], "not seen")
        self.assertEqual(seen["optimizers"], "not seen")
        files = {os.path.basename(file["path"]): file for file in seen["data"]["files"]}
        self.assertEqual(set(files), {"train.csv", "big.bin", "x.txt"})
        self.assertEqual(files["train.csv"]["sha256"], hashlib.sha256(b"1,2\n").hexdigest())
        self.assertEqual((files["big.bin"]["bytes"], files["big.bin"]["sha256"]), (17 * 1024 * 1024, None))

        supervisor = whole["supervisor"]
        self.assertEqual(supervisor["threads"]["OMP_NUM_THREADS"], {"value": "2", "setBy": "environment"})
        self.assertEqual(supervisor["interpreter"]["path"], sys.executable)
        self.assertEqual(supervisor["operatingSystem"], seen["operatingSystem"])
        self.assertEqual(supervisor["secretNames"], ["HF_HUB", "MY_LOGIN"])

    def test_of_an_unmodified_script(self):
        """Every key is there, and what an interpreter can be asked is asked, also where the script is over first."""
        command = {"kind": "command", "argv": [sys.executable, "train.py"]}
        for name, changes in (("1.1.1", {}), ("1.2.1", {"entrypoint": command})):
            with self.subTest(name):
                run_dir, ended = self.run_script("print('hello')", name=name, **changes)
                self.assertEqual((ended["code"], ended["killedChildren"]), (0, 0))
                whole = self.read(run_dir, "provenance.json")
                self.assertNotIn("harness", whole)
                seen = whole["supervisor"]
                self.assertEqual(seen["interpreter"]["version"], sys.version)
                self.assertEqual(seen["interpreter"]["prefix"], sys.prefix)
                self.assertEqual(seen["packages"], machine.packages([path for path in sys.path if "python3" in path]))
                for key in ("parameters", "randomStates", "torch", "optimizers", "data"):
                    self.assertEqual(seen[key], "not seen")
                self.assertIn("OMP_NUM_THREADS", seen["threads"])

    def test_an_interpreter_that_does_not_answer_holds_nothing_up(self):
        path = os.path.join(self.pool, "python3")
        with open(path, "w") as file:
            file.write("#!/bin/sh\ncase $1 in -c) exec sleep 300;; esac\nexec %s \"$@\"\n" % sys.executable)
        os.chmod(path, 0o755)
        entrypoint = {"kind": "script", "interpreter": path, "script": "train.py", "arguments": []}
        run_dir, ended = self.run_script("print('hello')", entrypoint=entrypoint)
        self.assertEqual((ended["code"], ended["killedChildren"]), (0, 0))
        seen = self.read(run_dir, "provenance.json")["supervisor"]
        self.assertEqual((seen["interpreter"]["path"], seen["interpreter"]["version"]), (path, "not seen"))
        self.assertEqual(seen["packages"], "not seen")
        run_dir, _ = self.run_script("", name="1.2.1", entrypoint={"kind": "shell", "command": "true"})
        self.assertEqual(self.read(run_dir, "provenance.json")["supervisor"]["interpreter"], "not seen")

    def test_data_paths_of_the_spec(self):
        script = """
            import sys, trainyard
            trainyard.init()
            for path in ("sets/deep/a.txt", "raw/b.txt", sys.argv[1] + "/c.txt", "one.csv", "train.py"):
                with open(path) as file: file.read()
        """
        outside = os.path.join(self.pool, "outside")
        run_dir = self.make(script, dataPaths=["sets/deep", "raw", outside, "one.csv"])
        work = os.path.join(run_dir, "work")
        for path in (outside + "/c.txt", outside + "/deep/a.txt", work + "/raw/b.txt", work + "/one.csv", work + "/sets/x"):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write("x")
        os.symlink(outside + "/deep", work + "/sets/deep")
        entrypoint = {"kind": "script", "interpreter": sys.executable, "script": "train.py", "arguments": [outside]}
        self.put(run_dir, "spec.json", {**self.read(run_dir, "spec.json"), "entrypoint": entrypoint})
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        files = self.read(run_dir, "provenance.json")["harness"]["data"]["files"]
        self.assertEqual(sorted(os.path.basename(file["path"]) for file in files), ["a.txt", "b.txt", "c.txt", "one.csv"])

    def test_a_killed_script_has_left_its_provenance(self):
        script = "import trainyard, time\ntrainyard.report(1, loss=1)\nprint('ready', flush=True)\ntime.sleep(300)"
        run_dir = self.make(script)
        self.put(run_dir, "provenance.json", {"version": 1, "server": {"snapshot": "abc"}})
        self.start(run_dir)
        self.say(run_dir, "ready")
        wait_for(lambda: {"harness", "supervisor"} <= set(self.read(run_dir, "provenance.json")), "both sections")
        self.control(run_dir, 1, "kill")
        self.finish(run_dir)
        self.assertEqual(self.read(run_dir, "provenance.json")["server"], {"snapshot": "abc"})

    @unittest.skipUnless(HAS_TORCH, "needs torch and numpy")
    def test_pytorch(self):
        script = """
            import torch, trainyard
            torch.manual_seed(5)
            torch.set_num_threads(1)
            model = torch.nn.Linear(4, 2)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.25, momentum=0.9)
            run = trainyard.init()
            run.report(0, loss=torch.tensor(1.5))
            with torch.no_grad(): model.weight.zero_()
            run.report(1, loss=model(torch.zeros(4)).sum())
        """
        digests = []
        for name in ("1.1.1", "1.2.1"):
            run_dir, ended = self.run_script(script, name=name)
            self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log"))
            seen = self.read(run_dir, "provenance.json")["harness"]
            (optimizer,) = seen["optimizers"]
            self.assertTrue(optimizer["class"].endswith(".SGD"))
            self.assertEqual(optimizer["groups"][0]["settings"]["lr"], 0.25)
            self.assertEqual(optimizer["weights"]["tensors"], 2)
            self.assertEqual(seen["randomStates"]["start"]["torchSeed"], 5)
            self.assertEqual(seen["threads"]["torch"]["intra"], 1)
            digests.append((optimizer["weights"]["sha256"], seen["randomStates"]["start"]["torch"]))
        self.assertEqual(digests[0], digests[1])
        self.assertEqual(len(self.events(run_dir, "metrics")), 2)


class Optimizers(unittest.TestCase):
    def test_weights_that_cannot_be_hashed_leave_class_and_settings(self):
        class Sharded:
            def detach(self):
                raise NotImplementedError("aten::reshape: no sharding strategy")

        class Optimizer:
            param_groups = [{"params": [Sharded()], "lr": 0.25}]

        found = frameworks._describe(Optimizer())
        self.assertTrue(found["class"].endswith("Optimizer"))
        self.assertEqual(found["groups"], [{"tensors": 1, "settings": {"lr": 0.25}}])
        self.assertEqual(found["weights"], "not seen")


class Listed(unittest.TestCase):
    def test_environment(self):
        variables = {
            "CUDA_VISIBLE_DEVICES": "0",
            "PYTHONHASHSEED": "0",
            "HF_TOKEN": "s",
            "TORCH_AUTH": "s",
            "SLURM_JWT": "s",
            "MKL_DEBUG": "given as secret",
            "HOME": "/root",
            "AWS_REGION": "x",
            "TRAINYARD_RUN_KEY": "k",
        }
        shown = machine.environment(variables, ["MKL_DEBUG"])
        self.assertEqual(shown, {"CUDA_VISIBLE_DEVICES": "0", "PYTHONHASHSEED": "0"})

    def test_masked(self):
        variables = {"A": "password", "B": "x"}
        self.assertEqual(machine.masked(["--p=password", "x"], variables, ["A", "B", "C"]), ["--p=***", "x"])

    def test_machine(self):
        self.assertEqual(machine.operating_system()["system"], "Linux")
        self.assertGreater(machine.processor()["count"], 0)


if __name__ == "__main__":
    unittest.main()
