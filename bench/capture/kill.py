"""usage: kill.py LIBRARY FOLDER KILLS: forks processes that report as fast as they can, kills each (SIGKILL) at a random
moment, and looks in the run's event files for every point whose report had returned. Prints JSON: points, lost, unreported
(processes that were killed before their first report)."""

import json
import os
import random
import select
import signal
import struct
import sys
import time

from reporters import REPORTERS

library, folder, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
STEP = struct.Struct("<q")
REPORTERS[library].prepare()


def child(number, pipe):
    os.setsid()  # with the helpers that the library starts
    report = REPORTERS[library].open(os.path.join(folder, str(number)))
    step = 0
    while True:
        report(step, step + 0.5)
        os.write(pipe, STEP.pack(step))
        step += 1


def last_step(pipe, pid):
    """Reads what was reported until the moment of the kill."""
    told = b""
    select.select([pipe], [], [], 120)
    deadline = time.monotonic() + random.random() * 0.3
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        if select.select([pipe], [], [], left)[0]:
            some = os.read(pipe, 1 << 20)
            told = (told + some)[-64:] if (len(told) + len(some)) % STEP.size == 0 else told + some
            if not some:
                break
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while True:
        some = os.read(pipe, 1 << 20)
        if not some:
            break
        told += some
    whole = len(told) // STEP.size * STEP.size
    return STEP.unpack(told[whole - STEP.size : whole])[0] if whole else -1


def stored(pid):
    events = os.path.join(os.environ["TRAINYARD_RUN_DIR"], "events")
    found = set()
    for name in os.listdir(events):
        if name.startswith("0-harness-%d-" % pid):
            with open(os.path.join(events, name), "rb") as file:
                for line in file.read().split(b"\n")[:-1]:
                    event = json.loads(line)
                    if event["type"] == "metrics":
                        found.update((event["step"], value) for value in event["values"].values())
    return found


points = lost = unreported = 0
for number in range(kills):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            child(number, writing)
        finally:
            os._exit(1)
    os.close(writing)
    last = last_step(reading, pid)
    os.close(reading)
    found = stored(pid) if last >= 0 else set()
    unreported += last < 0
    points += last + 1
    lost += sum((step, step + 0.5) not in found for step in range(last + 1))
print(json.dumps({"points": points, "lost": lost, "unreported": unreported}), flush=True)
