"""usage: cost.py LIBRARY FOLDER COUNT: microseconds of each report, as JSON {"p50": ..., "p99": ...}."""

import json
import sys
from time import perf_counter_ns

from reporters import REPORTERS

library, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
REPORTERS[library].prepare()
report = REPORTERS[library].open(folder)
for step in range(50):  # the first ones load what is loaded late
    report(step, 1.0)
took = []
for step in range(50, 50 + count):
    value = 1.0 / step
    start = perf_counter_ns()
    report(step, value)
    took.append(perf_counter_ns() - start)
took.sort()
print(json.dumps({"p50": took[count // 2] / 1000, "p99": took[count * 99 // 100] / 1000}), flush=True)
