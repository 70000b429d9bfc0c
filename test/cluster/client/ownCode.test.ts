import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requireOwnCode, withoutLoading } from "../../../src/cluster/client/ownCode.ts";

let base: string;
let folder: string;
beforeEach(() => {
  base = mkdtempSync(path.join(os.tmpdir(), "trainyard-own-"));
  folder = path.join(base, "work");
  mkdirSync(path.join(folder, "pkg", "sub"), { recursive: true });
  for (const file of ["work/train.py", "work/pkg/train.py", "work/pkg/sub/__main__.py", "other.py"])
    writeFileSync(path.join(base, file), "");
  symlinkSync(path.join(base, "other.py"), path.join(folder, "link.py"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe("what a pool says a trial ran", () => {
  it.each([
    { script: "train.py" },
    { script: "./pkg/train.py" },
    { module: "pkg.train" },
    { module: "pkg.sub" },
  ])("is started when it is code of the folder: %j", async (start) => {
    await expect(requireOwnCode(folder, start)).resolves.toBeUndefined();
  });

  it.each([
    { module: "timeit" },
    { module: "pkg" },
    { module: "..other" },
    { script: "../other.py" },
    { script: "link.py" },
    { script: "pkg" },
    { script: "gone.py" },
    { script: "/usr/lib/python3/timeit.py" },
  ])("is refused when it is not: %j", async (start) => {
    await expect(requireOwnCode(folder, start)).rejects.toThrow(/only code of that folder/);
  });

  it("brings no variable that loads other code", () => {
    const given = {
      LD_PRELOAD: "x",
      PYTHONPATH: "/x",
      PythonStartup: "x",
      PATH: "x",
      PYTHONHASHSEED: "1",
      LR: "1",
    };
    expect(withoutLoading(given)).toEqual({
      environment: { PYTHONHASHSEED: "1", LR: "1" },
      left: ["LD_PRELOAD", "PYTHONPATH", "PythonStartup", "PATH"],
    });
  });
});
