import time

import trainyard

run = trainyard.init()
start = run.latest_checkpoint
step = 0
while True:
    step += 1
    run.report(step, loss=1 / step)
    with run.checkpoint(step) as folder:
        (folder / "step.txt").write_text(str(step))
    if run.should_stop():
        break
    time.sleep(0.1)
