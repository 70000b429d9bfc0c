/** Real configurations, in YAML and as the table of a script, for tests that damage them. */
import { readFileSync } from "node:fs";

const example = (name: string): string =>
  readFileSync(new URL(`../../../../examples/${name}`, import.meta.url), "utf8");

export const YAML: readonly string[] = [
  example("digits/train.yaml"),
  example("digits/search.yaml"),
  `name: digits
hyperparameters:
  lr: {type: log, minval: -4, maxval: -1, base: 10}
  optimizer:
    name: {type: categorical, vals: [adam, "sgd", 'rms']}
    decay: {type: const, val: 0.1}
searcher:
  name: adaptive_asha # the best
  metric: val_loss
  max_trials: 16
  max_time: 9
resources: {slots_per_trial: 0, priority: 42}
environment:
  environment_variables:
    - MODE=fast
    - KEY=\${secret:wandb}
data: {train: data/train, list: [data/a, 3]}
`,
  `base: &base
  minval: 1
  maxval: 3
hyperparameters:
  a: &x {b: 1}
  c: *x
  d:
    <<: *x
    type: int
description: |
  Several lines,
    one of them indented.
labels:
- a
- b
log_policies:
  - name: OOM
    pattern: ".*out of memory.*"
    action: cancel_retries
  - {name: "x"}
---
name: second
`,
];

const block = (toml: string): string =>
  `#!/usr/bin/env python3
"""A script."""
# /// script
# requires-python = ">=3.9"
# dependencies = ["torch", "numpy<2"]
#
${toml
  .trimEnd()
  .split("\n")
  .map((line) => (line === "" ? "#" : `# ${line}`))
  .join("\n")}
# ///
import trainyard

lr = trainyard.param("lr", 1e-3)
`;

export const SCRIPTS: readonly string[] = [
  `[tool.trainyard]
name = "digits"
labels = ["a", 'b']
max_restarts = 2
searcher.name = "random"
searcher.max_trials = 8

[tool.trainyard.hyperparameters]
lr = { type = "log", minval = -4, maxval = -1, base = 10 }
optimizer.name = { type = "categorical", vals = ["adam", "sgd"] }
`,
  `[tool.trainyard.searcher]
name = "grid"
metric = "val_loss"

[tool.trainyard.hyperparameters.width]
type = "int"
minval = 1
maxval = 8 # inclusive
count = 3

[[tool.trainyard.log_policies]]
name = "OOM"
pattern = '''.*out of
memory.*'''
[[tool.trainyard.log_policies]]
name = "x"

[tool.trainyard]
description = """
Several lines,
  one of them indented."""
data = { since = 2024-05-01, list = [
  "data/a",
  3, # three
] }
`,
  `[tool]
trainyard = { name = "x", resources = { slots_per_trial = 0 }, searcher = { name = "single" } }
`,
].map(block);
