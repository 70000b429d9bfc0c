"""A trial for bench/kills-search: as kills/train.py, with a value for the search now and then."""

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


def save(step):
    with run.checkpoint(step) as path:
        (path / "step").write_text(str(step))


start = 0
if run.latest_checkpoint:
    start = int((run.latest_checkpoint / "step").read_text()) + 1
for step in range(start, steps):
    run.report(step, {"loss": 1 / (step + 1), "twice": 2 * step})
    run.validate(step, score=trainyard.param("x"), seen=step + 1)
    time.sleep(0.1)
    if run.should_stop():
        save(step)
        break
    if step % 20 == 19:
        save(step)
