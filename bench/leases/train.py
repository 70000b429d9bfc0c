"""A trial for bench/leases: holds the slot for a moment, with a child in a session of its own, and notices whether anyone of
another tree is still on it. The lock that tells is none of Trainyard's; it lives as long as anyone of this tree."""

import fcntl
import json
import os
import sys
import time

import trainyard

folder = sys.argv[1]
run = trainyard.init()
with open(os.path.join(os.environ["TRAINYARD_RUN_DIR"], "spec.json")) as file:
    slot = json.load(file)["slots"][0]["id"]
os.umask(0)
holder = os.open(os.path.join(folder, slot.replace(":", "-")), os.O_RDWR)
try:
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    with open(os.path.join(folder, "shared"), "a") as file:
        file.write("%s %s\n" % (os.environ["TRAINYARD_RUN_DIR"], slot))
with open(os.path.join(folder, "used"), "a") as file:
    file.write("%s %s %d\n" % (os.environ["TRAINYARD_RUN_DIR"], slot, os.geteuid()))
if os.fork() == 0:
    os.setsid()
    time.sleep(300)
    os._exit(0)
for step in range(8):
    run.report(step, {"loss": 1 / (step + 1)})
    time.sleep(0.05)
