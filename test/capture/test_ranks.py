"""Ranks: one run with a stream for each; who saves makes the checkpoints, and shards into one folder are one."""

import os
import unittest

from libraries import in_environments

# The torchrun of PyTorch 1.13 fails under Python 3.11: this gives the ranks what it would.
LAUNCH = """
import os, socket, subprocess, sys
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
env = dict(os.environ, WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
ranks = [subprocess.Popen([sys.executable, "train.py"], env=dict(env, RANK=str(rank))) for rank in (0, 1)]
sys.exit(max(rank.wait() for rank in ranks))
"""


@in_environments("new", "old")
class Ranks:
    @property
    def launcher(self):
        if self.environment == "old":
            return ["launch.py"]
        return ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "train.py"]

    def ranks(self, run_dir):
        """{rank: [(step, name, value)]} of all metrics, by the names of the event files."""
        found = {}
        for name in sorted(os.listdir(os.path.join(run_dir, "events"))):
            for event in self.events(run_dir, "metrics", name):
                for metric, value in event["values"].items():
                    found.setdefault(int(name.partition("-")[0]), []).append((event["step"], metric, value))
        return found

    def manifests(self):
        root = os.path.join(self.pool, "checkpoints")
        found = [self.read(os.path.join(root, name), "manifest.json") for name in os.listdir(root)]
        return sorted(found, key=lambda manifest: manifest["createdAt"])

    def paths(self, manifest):
        return [file["path"] for file in manifest["files"]]

    def test_torchrun(self):
        train = """
            import os, torch, torch.distributed as dist
            from torch.utils.tensorboard import SummaryWriter
            dist.init_process_group("gloo")
            rank = dist.get_rank()
            writer = SummaryWriter("logs/%d" % rank)
            os.makedirs("sharded", exist_ok=True)
            for step in range(3):
                writer.add_scalar("loss", rank + step, step)
                torch.save({"rank": rank, "step": step}, "sharded/%d.pt" % rank)
                dist.barrier()
                if rank == 0:
                    torch.save({"step": step}, "last.pt")
                dist.barrier()
            dist.destroy_process_group()
            """
        run_dir = self.make(train, entrypoint={"kind": "command", "argv": [self.python(), *self.launcher]})
        with open(os.path.join(run_dir, "work", "launch.py"), "w") as file:
            file.write(LAUNCH)
        self.start(run_dir)
        ended = self.finish(run_dir)
        self.assertEqual(ended["code"], 0, self.text(run_dir, "stderr.log")[-4000:])
        self.assertEqual(
            self.ranks(run_dir),
            {rank: [(step, "loss", float(rank + step)) for step in range(3)] for rank in (0, 1)},
        )
        self.assertEqual(
            [(manifest["step"], self.paths(manifest)) for manifest in self.manifests()],
            [(step, ["last.pt", "sharded/0.pt", "sharded/1.pt"]) for step in range(3)],
            self.text(run_dir, "stderr.log"),
        )
        self.assertEqual(self.warnings(run_dir), {})

    def test_spawn(self):
        run_dir = self.run_captured(
            """
            import os, torch, torch.distributed as dist, torch.multiprocessing as mp
            from torch.utils.tensorboard import SummaryWriter

            def work(rank):
                writer = SummaryWriter("logs/%d" % rank)   # before the group is there
                dist.init_process_group("gloo", init_method="file://" + os.path.abspath("meet"), rank=rank, world_size=2)
                for step in range(3):
                    writer.add_scalar("loss", rank * 10 + step, step)
                writer.add_scalar("loss", 7, 2)            # a step once more
                if rank == 0:
                    torch.save({}, "last.pt")
                dist.barrier()

            if __name__ == "__main__":
                mp.spawn(work, nprocs=2)
                SummaryWriter("logs/parent").add_scalar("loss", 99, 2)   # and by another process of rank 0
            """
        )
        of = self.ranks(run_dir)
        self.assertEqual(of[1], [(step, "loss", 10.0 + step) for step in range(3)] + [(2, "loss", 7)])
        self.assertEqual(
            sorted(of[0]), sorted([(step, "loss", float(step)) for step in range(3)] + [(2, "loss", 7), (2, "loss", 99)])
        )
        self.assertEqual([self.paths(each) for each in self.manifests()], [["last.pt"]])


del Ranks  # only what was made of it is to be run


@in_environments("new")
class Distributed:
    def test_torchrun_is_preempted_after_its_next_checkpoint(self):
        train = """
            import time, torch, torch.distributed as dist
            dist.init_process_group("gloo")
            while True:
                dist.barrier()
                if dist.get_rank() == 0:
                    torch.save({}, "last.pt")
                    print("saved", flush=True)
                time.sleep(1.5)
            """
        argv = [self.python(), "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "train.py"]
        run_dir = self.make(train, entrypoint={"kind": "command", "argv": argv})
        self.start(run_dir)
        self.say(run_dir, "saved")
        self.control(run_dir, 1, "preempt")
        ended = self.finish(run_dir)
        self.assertEqual(ended["acknowledged"], {"control": 1, "action": "preempt"})
        self.assertEqual(ended["escalated"], None)
        self.assertTrue(os.listdir(os.path.join(self.pool, "checkpoints")))

    def test_distributed_checkpoint(self):
        run_dir = self.run_captured(
            """
            import os, torch, torch.distributed as dist, torch.distributed.checkpoint as dcp, torch.multiprocessing as mp

            def work(rank):
                dist.init_process_group("gloo", init_method="file://" + os.path.abspath("meet"), rank=rank, world_size=2)
                dcp.save({"w%d" % rank: torch.ones(4)}, checkpoint_id="sharded")
                dist.barrier()

            if __name__ == "__main__":
                mp.spawn(work, nprocs=2)
            """
        )
        root = os.path.join(self.pool, "checkpoints")
        manifests = [self.read(os.path.join(root, name), "manifest.json") for name in os.listdir(root)]
        self.assertEqual(
            [[file["path"] for file in each["files"]] for each in manifests],
            [["sharded/.metadata", "sharded/__0_0.distcp", "sharded/__1_0.distcp"]],
            self.text(run_dir, "stderr.log"),
        )


del Distributed

if __name__ == "__main__":
    unittest.main()
