"""A short trial for bench/gap: notes when its slot was in use by it, from its first line to its last."""

import time

began = time.time()

import json  # noqa: E402
import sys  # noqa: E402

import trainyard  # noqa: E402

run = trainyard.init()
epoch = int((run.latest_checkpoint / "epoch").read_text()) if run.latest_checkpoint else 0
while epoch < 3 and not run.should_stop():
    epoch += 1
    run.validate(epoch, loss=trainyard.param("x"), epoch=epoch)
    until = time.time() + 0.4  # the search answers meanwhile
    while time.time() < until and not run.should_stop():
        time.sleep(0.01)
asked = time.time()
if run.should_stop():
    with run.checkpoint(epoch) as path:
        (path / "epoch").write_text(str(epoch))
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([run.id, began, asked, time.time()]) + "\n")
