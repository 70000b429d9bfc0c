"""Reports a value every 200 ms, and writes down when: the value is the step, so that a chart's words name it."""

import json
import os
import time

import trainyard

REPORTS = 300

run = trainyard.init()
with open(os.environ["TRAINYARD_BENCH_TIMES"], "a") as times:
    for step in range(1, REPORTS + 1):
        now = time.time()
        run.report(step, loss=step)
        times.write(json.dumps([step, now * 1000]) + "\n")
        times.flush()
        time.sleep(0.2)
