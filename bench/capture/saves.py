"""usage: saves.py cost | saves.py kill KILLS: what a captured torch.save and a watched DataLoader cost, or what checkpoints are like
whose process was killed (SIGKILL) at a random moment while it saved one after the other. Prints JSON."""

import hashlib
import json
import os
import random
import signal
import statistics
import sys
import time

RUN = os.environ["TRAINYARD_RUN_DIR"]
with open(os.path.join(RUN, "spec.json"), "w") as file:
    json.dump({"directory": ".", "outputMetrics": False, "checkpoints": os.path.join(RUN, "checkpoints")}, file)

import torch  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402


def saves_ms(count, elements):
    """Of files that are stored one by one, each with time to be."""
    state = {"w": torch.zeros(elements)}
    taken = []
    for number in range(count):
        began = time.perf_counter()
        torch.save(state, "%d.pt" % (number % 2))
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(0.05)
    return taken


def batches_us():
    loader = iter(DataLoader(TensorDataset(torch.zeros(20000, 4)), batch_size=1))
    next(loader)
    taken = []
    for _ in range(19000):
        began = time.perf_counter_ns()
        next(loader)
        taken.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(taken)


def cost():
    small = sorted(saves_ms(100, 256)[5:])
    return {
        "small_p50_ms": small[len(small) // 2],
        "small_p99_ms": small[-1],
        "large_p50_ms": statistics.median(saves_ms(8, 16 * 1024 * 1024)),
        "batch_p50_us": batches_us(),
    }


def train():
    from trainyard.capture import sink

    for step in range(10**9):
        sink.scalar("bench", "loss", 0.5, step)
        torch.save({"step": step, "w": torch.full((1 << 18,), float(step))}, "last.pt")
        if step % 3 == 0:
            torch.save({"step": step, "w": torch.full((1 << 16,), float(step))}, "third.pt")
        time.sleep(random.random() * 0.1)


def kill(kills):
    for _ in range(kills):
        pid = os.fork()
        if pid == 0:
            random.seed()
            try:
                train()
            finally:
                os._exit(1)
        time.sleep(0.3 + random.random())
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    root = os.path.join(RUN, "checkpoints")
    listed = [name for name in os.listdir(root) if os.path.exists(os.path.join(root, name, "manifest.json"))]
    return {"kills": kills, "checkpoints": len(listed), "damaged": sum(not is_whole(os.path.join(root, n)) for n in listed)}


def is_whole(folder):
    with open(os.path.join(folder, "manifest.json")) as file:
        manifest = json.load(file)
    for each in manifest["files"]:
        path = os.path.join(folder, "files", each["path"])
        with open(path, "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != each["sha256"]:
                return False
        try:
            state = torch.load(path)
        except Exception:
            return False
        if state["step"] != manifest["step"] or not bool((state["w"] == state["step"]).all()):
            return False
    return bool(manifest["files"])


print(json.dumps(cost() if sys.argv[1] == "cost" else kill(int(sys.argv[2]))), flush=True)
