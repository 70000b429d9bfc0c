"""context.distributed between real processes, and the launchers."""

import os
import sys

from determined_runs import DeterminedRuns

TALK = """
import json, os, pathlib, sys
import determined as det
distributed = det.core.DistributedContext.from_torch_distributed()
rank = distributed.rank
def say(*words):
    # One write a line: print makes several, and the ranks share one pipe.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
assert (distributed.get_size(), distributed.get_local_rank(), distributed.get_num_agents()) == (COUNT, rank, 1)
with det.core.init(distributed=distributed) as core:
    assert distributed.gather(rank) == (list(range(COUNT)) if rank == 0 else None)
    assert distributed.allgather({"rank": rank}) == [{"rank": i} for i in range(COUNT)]
    assert distributed.broadcast("of %d" % rank) == "of 0"
    assert distributed.allgather_local(b"x" * 3_000_000) == [b"x" * 3_000_000] * COUNT
    assert distributed.gather_local(1) == ([1] * COUNT if rank == 0 else None)
    assert distributed.broadcast_local(rank) == 0
    assert core.preempt.should_preempt() is False
    with core.checkpoint.store_path({"steps_completed": 4} if rank == 0 else {"by": {str(rank): "me"}}, shard=True) as (path, one):
        (path / ("part%d" % rank)).write_text(str(rank))
    assert distributed.allgather(one) == [one] * COUNT
    with core.checkpoint.restore_path(one) as path:
        assert (path / ("part%d" % rank)).read_text() == str(rank)
    mine = pathlib.Path("rank%d" % rank); mine.mkdir(); (mine / ("file%d" % rank)).write_text("x")
    two = core.checkpoint.upload(mine, {"steps_completed": 5} if rank == 0 else None, shard=True)
    core.checkpoint.download(two, "all")
    assert sorted(os.listdir("all")) == ["file%d" % i for i in range(COUNT)] + ["metadata.json"], os.listdir("all")
    try:
        with core.checkpoint.store_path({"steps_completed": 6} if rank == 0 else None, shard=True) as (path, three):
            if rank == 1:
                raise OSError("the script's own")
    except (OSError, RuntimeError) as error:
        say("rank", rank, type(error).__name__)
    if rank == 0:
        core.train.report_validation_metrics(4, {"loss": 1.0})
    else:
        try:
            core.checkpoint.upload(mine, {"steps_completed": 5})
        except RuntimeError:
            say("rank", rank, "refused")
    say(distributed.gather("bye"))
"""
SPAWN = """
import os, subprocess, sys
names = ("RANK", "LOCAL_RANK")
common = {"WORLD_SIZE": "COUNT", "LOCAL_WORLD_SIZE": "COUNT", "GROUP_WORLD_SIZE": "1", "GROUP_RANK": "0"}
ranks = [
    subprocess.Popen([sys.executable, "talk.py"], env={**os.environ, **common, **{name: str(rank) for name in names}})
    for rank in range(COUNT)
]
sys.exit(max(rank.wait() for rank in ranks))
"""


class Ranks(DeterminedRuns):
    def test_three_ranks_of_one_host(self):
        run_dir = self.make(SPAWN.replace("COUNT", "3"), slots=self.slots(3), configuration={})
        with open(os.path.join(run_dir, "work", "talk.py"), "w") as file:
            file.write(TALK.replace("COUNT", "3"))
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertEqual(
            sorted(self.text(run_dir, "stdout.log").splitlines()),
            ["None", "None", "['bye', 'bye', 'bye']", "rank 0 RuntimeError", "rank 1 OSError", "rank 1 refused"]
            + ["rank 2 RuntimeError", "rank 2 refused"],
        )
        stored = self.events(run_dir, "checkpoint")
        self.assertEqual([event["step"] for event in stored], [4, 5])
        self.assertEqual(
            self.manifest(stored[0]["uuid"])["metadata"], {"steps_completed": 4, "by": {"1": "me", "2": "me"}}
        )
        self.assertEqual(len(os.listdir(os.path.join(self.pool, "checkpoints"))), 2)

    def test_a_rank_that_dies_is_noticed(self):
        run_dir = self.make(SPAWN.replace("COUNT", "2"), slots=self.slots(2), configuration={})
        with open(os.path.join(run_dir, "work", "talk.py"), "w") as file:
            file.write(
                "import os, determined as det\n"
                "d = det.core.DistributedContext.from_torch_distributed()\n"
                "d.allgather(1)\n"
                "if d.rank: os._exit(0)\n"
                "d.gather(1)\n"
            )
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 1)
        self.assertIn("rank 1 has ended while this one waited for it", self.text(run_dir, "stderr.log"))

    def test_who_does_not_know_the_key_is_not_listened_to(self):
        run_dir = self.make(SPAWN.replace("COUNT", "2"), slots=self.slots(2), configuration={})
        with open(os.path.join(run_dir, "work", "talk.py"), "w") as file:
            file.write(
                "import os, time, multiprocessing, determined as det\n"
                "from multiprocessing.connection import Client\n"
                "from determined.core._star import local_path\n"
                "if os.environ['RANK'] == '1':\n"
                "    while not os.path.exists(local_path('1')): time.sleep(0.01)\n"
                "    try:\n"
                "        Client(local_path('1'), authkey=b'guessed')\n"
                "    except (multiprocessing.AuthenticationError, EOFError, OSError) as error:\n"
                "        print('refused', flush=True)\n"
                "d = det.core.DistributedContext.from_torch_distributed()\n"
                "assert d.allgather(d.rank) == [0, 1]\n"
                "assert os.stat(os.path.dirname(local_path('1'))).st_mode & 0o777 == 0o700\n"
            )
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        self.assertEqual(self.text(run_dir, "stdout.log"), "refused\n")

    def test_two_hosts_of_two_ranks_by_tcp(self):
        run_dir = self.make(SPAWN.replace("COUNT", "4"), slots=self.slots(4), configuration={})
        with open(os.path.join(run_dir, "work", "talk.py"), "w") as file:
            file.write(
                "import os, determined as det\n"
                "rank = int(os.environ['RANK'])\n"
                "d = det.core.DistributedContext(rank=rank, size=4, local_rank=rank % 2, local_size=2,\n"
                "    cross_rank=rank // 2, cross_size=2, chief_ip='127.0.0.1', port_offset=os.getppid() % 20000)\n"
                "assert d.allgather(rank) == [0, 1, 2, 3]\n"
                "assert d.allgather_local(rank) == [rank // 2 * 2, rank // 2 * 2 + 1]\n"
                "assert d.broadcast_local(rank) == rank // 2 * 2\n"
                "d.close()\n"
            )
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))

    def test_wrap_rank(self):
        run_dir = self.make(
            "import sys, time\nsys.stdout.write('one\\ntwo\\rthree')\nsys.stderr.write('bad\\n')\nsys.exit(3)",
            entrypoint={
                "kind": "command",
                "argv": [sys.executable, "-m", "determined.launch.wrap_rank", "5", "--", sys.executable, "train.py"],
            },
            configuration={},
        )
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 3)
        # A line ends at \\r too, which reading as text makes \\n.
        self.assertEqual(self.text(run_dir, "stdout.log"), "[rank=5] one\n[rank=5] two\n[rank=5] three")
        self.assertEqual(self.text(run_dir, "stderr.log"), "[rank=5] bad\n")

    def test_launchers_of_one_process(self):
        for launcher, slots, code in (("horovod", 1, 0), ("deepspeed", 2, 1), ("tensorflow", 0, 0)):
            run_dir = self.make(
                "print('ran')",
                name="1.%d.1" % (code + slots + 1),
                entrypoint={
                    "kind": "command",
                    "argv": [sys.executable, "-m", "determined.launch." + launcher, "--", sys.executable, "train.py"],
                },
                slots=self.slots(slots),
                configuration={},
            )
            self.start(run_dir)
            self.assertEqual(self.finish(run_dir)["code"], code)
            self.assertEqual(self.text(run_dir, "stdout.log"), "" if code else "ran\n")


class TorchDistributed(DeterminedRuns):
    """python3 -m determined.launch.torch_distributed with the real torch.distributed. (Not with `old`: torchrun of PyTorch 1.13
    does not start on Python 3.11 at all.)"""

    environment = "new"

    def test_two_ranks(self):
        python = self.python()
        run_dir = self.make(
            """
            import determined as det, torch.distributed as dist, os
            dist.init_process_group("gloo")
            distributed = det.core.DistributedContext.from_torch_distributed()
            with det.core.init(distributed=distributed) as core:
                assert distributed.allgather(dist.get_rank()) == [0, 1]
                if distributed.rank == 0:
                    core.train.report_training_metrics(1, {"loss": 1.0})
                print("rank", distributed.rank, os.environ["USE_TORCH_DISTRIBUTED"], flush=True)
            dist.destroy_process_group()
            """,
            entrypoint={
                "kind": "shell",
                "command": "python3 -m determined.launch.torch_distributed python3 train.py",
                "interpreter": python,
            },
            slots=self.slots(2),
            configuration={"entrypoint": "..."},
        )
        self.start(run_dir)
        self.assertEqual(self.finish(run_dir)["code"], 0, self.text(run_dir, "stderr.log"))
        lines = self.text(run_dir, "stdout.log").splitlines()
        for rank in (0, 1):
            self.assertIn("[rank=%d] rank %d True" % (rank, rank), lines)
        self.assertEqual(self.metrics(run_dir), {("training", "loss"): [(1, 1.0)]})
