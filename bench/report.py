"""What one run.report() with one metric costs the script. Prints one line of JSON.

    python3 bench/report.py [--reports 200000] [--folder DIR]

The line is in the kernel's hands (write() has returned) before each report returns; --folder is the file system.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "src", "cluster", "python"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=200_000)
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    run_dir = tempfile.mkdtemp(prefix="trainyard-bench-", dir=options.folder)
    os.environ.update(TRAINYARD_RUN_DIR=run_dir, TRAINYARD_RUN="1.1.1", TRAINYARD_TRIAL="1.1")
    try:
        print(json.dumps(measure(options.reports, run_dir)))
    finally:
        shutil.rmtree(run_dir, ignore_errors=True)


def measure(reports: int, run_dir: str) -> dict:
    import trainyard

    run = trainyard.init()
    clock = time.perf_counter_ns
    times = [0] * reports
    loss = 2.302585092994046
    for step in range(1000):  # the first one also looks for optimizers; start-up is another bench
        run.report(step, loss=loss)
    for step in range(reports):
        began = clock()
        run.report(step, loss=loss)
        times[step] = clock() - began
        loss *= 0.99999
    folder = os.path.join(run_dir, "events")
    (name,) = os.listdir(folder)
    with open(os.path.join(folder, name), "rb") as file:
        written = sum(1 for line in file if b'"metrics"' in line)
    assert written == reports + 1000, "a report is missing from the file"
    times.sort()
    return {
        "bench": "report",
        "reports": reports,
        "mean_us": round(sum(times) / reports / 1000, 3),
        "p50_us": times[reports // 2] / 1000,
        "p99_us": times[reports * 99 // 100] / 1000,
        "max_us": times[-1] / 1000,
        "bytes_per_report": round(os.path.getsize(os.path.join(folder, name)) / (reports + 1000), 1),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
