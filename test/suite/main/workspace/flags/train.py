import argparse

import trainyard

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int)
steps = parser.parse_args().steps

run = trainyard.init()
run.report(steps, loss=1 / steps)
with run.checkpoint(steps) as folder:
    (folder / "step.txt").write_text(str(steps))
