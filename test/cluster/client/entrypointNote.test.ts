import { expect, test } from "vitest";
import { entrypointNote } from "../../../src/cluster/client/entrypointNote.ts";

test.each<[string | string[], string]>([
  ["python train.py --lr 1", "train.py"],
  [["torchrun", "--nproc_per_node=2", "./train.py"], "train.py"],
  ["cd src && python 'pkg/train.py'", "src/pkg/train.py"],
  ["python src/train.py", "train.py"],
  ["python -m pkg.train", "src/pkg/train.py"],
])("an entrypoint that names the script needs no words: %j, %s", (entrypoint, script) => {
  expect(entrypointNote(entrypoint, script)).toBeNull();
});

test("one that runs another script says so", () => {
  expect(entrypointNote("python train.py", "eval.py")).toBe(
    "The configuration's entrypoint runs, not eval.py: python train.py",
  );
  expect(entrypointNote(["python", "retrain.py"], "train.py")).toBe(
    "The configuration's entrypoint runs, not train.py: python retrain.py",
  );
});
