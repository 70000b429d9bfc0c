"""A script that asks a pool for more than it may: names without end, lines without end, files, nesting, parameters.

    train.py NAMES LINE_BYTES FILES
"""

import json
import os
import sys

names, line_bytes, files = map(int, sys.argv[1:])
folder = os.path.join(os.environ["TRAINYARD_RUN_DIR"], "events")


def line(seq, **event):
    return json.dumps({"seq": seq, "t": 1.0, **event}) + "\n"


def metrics(seq, values):
    return line(seq, type="metrics", group="training", step=seq, values=values)


with open(os.path.join(folder, "0-names.jsonl"), "w") as file:
    for seq in range(names // 10_000):
        file.write(metrics(seq + 1, {"name%d" % i: i for i in range(seq * 10_000, seq * 10_000 + 10_000)}))
    file.write(metrics(names, {"name0": -1}))
with open(os.path.join(folder, "0-line.jsonl"), "w") as file:
    piece = "x" * 1_000_000
    for _ in range(line_bytes // len(piece)):
        file.write(piece)
    file.write("\n" + metrics(1, {"name1": -2}))
with open(os.path.join(folder, "0-nested.jsonl"), "w") as file:
    deep = 100_000
    file.write('{"seq":1,"t":1.0,"type":"params","origin":{},"values":{"a":%s%s}}\n' % ("[" * deep, "]" * deep))
    file.write(line(2, type="params", origin={}, values={"lr": 0.1}))
    file.write(line(3, type="params", origin={}, values={"p%d" % i: 1 for i in range(5000)}))
for number in range(files):
    with open(os.path.join(folder, "0-z%06d.jsonl" % number), "w") as file:
        file.write(metrics(1, {"name2": number}))
