/** Folders with small training scripts, for tests that drive the interface. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

export const SCRIPTS = {
  /** Trains until it is asked to end, with a checkpoint every second. */
  "endless.py": `import time

import trainyard

run = trainyard.init()
step = 0
while not run.should_stop():
    step += 1
    run.report(step, loss=1 / step)
    if step % 50 == 1:
        with run.checkpoint(step) as folder:
            (folder / "step.txt").write_text(str(step))
    time.sleep(0.02)
`,
  /** Ends by itself, with two checkpoints. */
  "short.py": `import trainyard

run = trainyard.init()
for step in (1, 2):
    run.validate(step, loss=1 / step)
    with run.checkpoint(step) as folder:
        (folder / "step.txt").write_text(str(step))
`,
  "fails.py": `def main():
    raise ValueError("no such layer")


main()
`,
  /** Ends when there is a file `go` in the folder that it was submitted from. */
  "waits.py": `import os
import time

while not os.path.exists(os.path.join(os.environ["GO"], "go")):
    time.sleep(0.1)
`,
  /** Uses a secret, and gives it away. */
  "secret.py": `import os

print("the token is", os.environ["TOKEN"])
`,
  /** Reads what git ignores. */
  "reader.py": `print("read", open("data/train.csv").read(), flush=True)
`,
  /** Time to look at something else before it ends. */
  "later.py": `import time

time.sleep(4)
`,
} as const;

export function workspaceWith(...names: (keyof typeof SCRIPTS)[]): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-ui-"));
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(path.join(folder, name), SCRIPTS[name]);
  return folder;
}
