import { describe, expect, it } from "vitest";
import { factsOf, textAt } from "./facts.ts";

describe("literals that a parameter may have stood for", () => {
  it.each([
    ["lr = 3e-4", "lr=0.0003"],
    ["LR: float = 3e-4", "lr=0.0003"],
    ["class A:\n  def __init__(self): self.lr = 1", "lr=1"],
    ["def train(lr=1, *, n: int = 2): pass", "lr=1 n=2"],
    ["AdamW(p, lr=3e-4)", "lr=0.0003"],
    ["a, b = 1, -2", "a=1 b=-2"],
    ["a = b = 0x10", "a=16 b=16"],
    ['config = {"lr": 1, "deep": {"n": [1, 2]}}', "lr=1 n=[1,2]"],
    ["x.lr = 1\nlr = f(1)\nname = None\na, b = 1\nlr += 1", ""],
    ["p.add_argument('--lr', type=float, default=1)", ""],
  ])("%j", (text, expected) => {
    const found = factsOf(text).assignments.map(({ name, value }) => `${name}=${JSON.stringify(value)}`);
    expect(found.join(" ")).toBe(expected);
  });

  it("leaves the default of a parameter to the parameter", () => {
    const text = "import tyro\nclass A:\n  lr: float = 1e-3\n  other = 2\ntyro.cli(A)";
    expect(factsOf(text).assignments.map(({ name }) => name)).toEqual(["other"]);
  });

  it("says where the value stands", () => {
    const text = "x = 1\nself_lr = \\\n  -3e-4  # so\n";
    const [, found] = factsOf(text).assignments;
    expect(textAt(text, found?.valueRange ?? null)).toBe("-3e-4");
  });
});

describe("random numbers", () => {
  it.each([
    ["import random\nrandom.shuffle(x)", "random"],
    ["from random import choice\nchoice(x)", "random"],
    ["import numpy as np\nnp.random.normal()", "numpy"],
    ["import numpy as np\nr = np.random.default_rng()\nr.normal()", "numpy"],
    ["import numpy as np\nr = np.random.default_rng(7)\nr.normal()", ""],
    ["import torch\ntorch.randn(3)\ntorch.rand(2, generator=g)", "torch"],
    [
      "from torch.utils.data import DataLoader\nDataLoader(d, shuffle=True)\nDataLoader(d, shuffle=False)",
      "torch",
    ],
    ["import tensorflow as tf\ntf.random.uniform([2])", "tensorflow"],
    ["x.random.rand()\nrandom()", ""],
  ])("%j", (text, expected) => {
    expect(
      factsOf(text)
        .randomUses.map(({ library }) => library)
        .join(" "),
    ).toBe(expected);
  });

  it.each([
    ["import random\nrandom.seed(1)", "random"],
    ["import random\nrandom.seed()", ""],
    ["import numpy\nnumpy.random.seed(run.seed)", "numpy"],
    ["import torch\ntorch.manual_seed(0)", "torch"],
    ["from lightning import seed_everything\nseed_everything(1)", "random numpy torch tensorflow"],
    ["import tensorflow as tf\ntf.random.set_seed(1)", "tensorflow"],
    ["import torch\ndef set_seed(s): torch.manual_seed(s)\nset_seed(1)", "torch"],
  ])("seeded: %j", (text, expected) => {
    expect([...factsOf(text).seeded].join(" ")).toBe(expected);
  });
});

describe("where a script begins", () => {
  it.each([
    ['import a\nif __name__ == "__main__":\n  main()', 'if __name__ == "__main__":\n  main()'],
    ["'''doc'''\nimport a\ndef f(): pass\n# so\nf()", "f()"],
    ["def f(): pass", null],
    ["", null],
  ])("%j", (text, expected) => {
    expect(textAt(text, factsOf(text).entry)).toBe(expected);
  });
});
