import trainyard

run = trainyard.init()
width = trainyard.param("width", 1)
note = trainyard.param("note", "")
start = run.latest_checkpoint
weights = (start / "weights.txt").read_text() if start else "none"
for step in range(1, 3):  # the breakpoint is here
    run.validate(step, loss=1 / step)
    with run.checkpoint(step) as folder:
        (folder / "weights.txt").write_text(f"weights of step {step}")
