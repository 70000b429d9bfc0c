"""A trial for bench/kills: reports and checkpoints, goes on from its checkpoint, notes each report that has returned, and
notices a shared slot. It trains until it has `steps` and the file `finish` is there."""

import fcntl
import json
import os
import sys
import time

import trainyard

folder, steps = sys.argv[1], int(sys.argv[2])
run = trainyard.init()
with open(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "spec.json")) as file:
    slot = json.load(file)["slots"][0]["id"]
holder = open(os.path.join(folder, slot.replace(":", "-")), "a")
try:
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    with open(os.path.join(folder, "shared"), "a") as file:
        file.write("%s %s\n" % (run.id, slot))

returned = os.open(os.path.join(folder, "returned-" + run.id), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
start = 0
if run.latest_checkpoint:
    start = int((run.latest_checkpoint / "step").read_text()) + 1
step = start
while step < steps or not os.path.exists(os.path.join(folder, "finish")):
    run.report(step, {"loss": 1 / (step + 1), "twice": 2 * step})
    os.write(returned, b"%d\n" % step)
    if step % 30 == 29:
        with run.checkpoint(step) as path:
            (path / "step").write_text(str(step))
            (path / "weights").write_bytes(os.urandom(20_000))
    if run.should_stop():
        break
    step += 1
    time.sleep(0.05)
