import { expect, it } from "vitest";
import { findLinks, snapshotPath } from "../../../../src/webviews/experiment/output/links.ts";

it("finds the places that tracebacks and warnings name", () => {
  const text = '  File "/a b/train.py", line 41, in main; see src/util.py:7: and lib.py:0 or x.pyc:3';
  expect(findLinks(text).map(({ start, end, file, line }) => [text.slice(start, end), file, line])).toEqual([
    ['File "/a b/train.py", line 41', "/a b/train.py", 41],
    ["src/util.py:7", "src/util.py", 7],
  ]);
});

it("does not search lines that are too long", () => {
  expect(findLinks(`${"x".repeat(30_000)} train.py:3`)).toEqual([]);
});

it.each([
  ["/pool/runs/12.1.1/work/train.py", ".", "train.py"],
  ["/pool/runs/12.1.1/work/sub/./train.py", "sub", "sub/train.py"],
  ["train.py", ".", "train.py"],
  ["train.py", "sub/project", "sub/project/train.py"],
  ["../common/util.py", "sub", "common/util.py"],
  ["../../etc/x.py", "sub", null],
  ["/usr/lib/python3/site-packages/torch/nn.py", ".", null],
  ["/pool/runs/12.1.2/work/train.py", ".", null],
  ["<frozen importlib>", ".", null],
  ["C:\\x\\train.py", ".", null],
])("%s in %s is %s", (file, directory, expected) => {
  expect(snapshotPath(file, "12.1.1", directory)).toBe(expected);
});
