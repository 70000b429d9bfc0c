"""Reports its step until it is asked to end, and prints how many there were."""

import time

import trainyard

run = trainyard.init()
step = 0
while not run.should_stop():
    step += 1
    run.report(step, loss=step)
    time.sleep(0.5)
print(step)
