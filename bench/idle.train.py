"""A trial for bench/idle: reports once a second."""

import sys
import time

import trainyard

run = trainyard.init()
for step in range(int(sys.argv[1])):
    run.report(step, {"loss": 1 / (step + 1), "accuracy": step / 1000})
    time.sleep(1)
    if run.should_stop():
        break
