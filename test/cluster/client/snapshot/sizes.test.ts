import { describe, expect, it } from "vitest";
import { bytePath } from "../../../../src/cluster/client/git.ts";
import { mustAsk } from "../../../../src/cluster/client/snapshot/plan.ts";
import { largestFolders, measurePath } from "../../../../src/cluster/client/snapshot/sizes.ts";
import { put, temporaryFolder } from "../support.ts";

describe("largestFolders", () => {
  it("goes down to the folder that has the bytes, and no further", () => {
    const entries = new Map([
      ["train.py", 10],
      ["src/deep/weights/a.bin", 500],
      ["src/deep/weights/b.bin", 400],
      ["src/code.py", 20],
      ["big.bin", 700],
      [bytePath("größe/x"), 100],
    ]);
    expect(largestFolders({ entries }, 3)).toEqual([
      { path: "src/deep/weights", files: 2, bytes: 900 },
      { path: "big.bin", files: 1, bytes: 700 },
      { path: "größe", files: 1, bytes: 100 },
    ]);
    expect(largestFolders({ entries: new Map() })).toEqual([]);
  });
});

describe("measurePath", () => {
  it("adds up, and stops when it is enough", async () => {
    const folder = temporaryFolder();
    put(folder, { a: "12", "b/c": "345", "b/d/e": "6" });
    expect(await measurePath(folder)).toEqual({ files: 3, bytes: 6, complete: true });
    expect((await measurePath(folder, undefined, 2)).complete).toBe(false);
    expect(await measurePath(`${folder}/none`)).toEqual({ files: 0, bytes: 0, complete: true });
  });
});

describe("mustAsk", () => {
  const size = (files: number, bytes: number): { files: number; bytes: number } => ({ files, bytes });
  it.each([
    [size(10_000, 100_000_000), null, false],
    [size(10_001, 0), null, true],
    [size(1, 100_000_001), null, true],
    [size(10_001, 0), size(10_001, 0), false],
    [size(20_002, 0), size(10_001, 0), true],
    [size(10, 150_000_000), size(10, 120_000_000), false],
    [size(10, 240_000_000), size(10, 120_000_000), true],
    [size(10_001, 110_000_000), size(12_000, 2_000_000), true],
    [size(500, 1_000), size(1, 1), false],
  ])("%j after %j: %s", (now, answered, asked) => {
    expect(mustAsk(now, answered)).toBe(asked);
  });
});
