import time

import trainyard

run = trainyard.init()
steps = int(trainyard.param("steps", 10))
for step in range(1, steps + 1):
    run.report(step, loss=1 / step)
    if step % 5 == 0:
        run.validate(step, loss=1 / step)
        with run.checkpoint(step) as folder:
            (folder / "weights.txt").write_text(f"weights of step {step}\n")
    print("step", step)
