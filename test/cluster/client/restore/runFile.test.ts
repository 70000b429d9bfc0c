import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { pullRunFile, type Pulled } from "../../../../src/cluster/client/restore/runFile.ts";
import { RESTORED_MARKER } from "../../../../src/cluster/client/snapshot/restored.ts";
import { hostilePool } from "../hostilePool.ts";
import { git, namesOf, put, repository, snapshotter, temporaryFolder } from "../support.ts";

function pull(destination: string, name: string, text: string | null, replace = false): Promise<Pulled> {
  const connection = hostilePool(text === null ? {} : { [name]: Buffer.from(text) });
  return pullRunFile({ connection, runId: "1.1.1", name, destination, replace });
}

describe("pulling a file of a run", () => {
  it("asks before it replaces what was changed since, and leaves nothing else behind", async () => {
    const destination = path.join(temporaryFolder(), "outputs/1.1.1");
    const file = path.join(destination, "out/a.txt");
    const text = (): string => readFileSync(file, "utf8");
    expect(await pull(destination, "out/a.txt", "1")).toEqual({ kind: "pulled", file });
    expect(await pull(destination, "out/a.txt", "1")).toEqual({ kind: "already", file });
    put(destination, { "out/a.txt": "mine" });
    expect(await pull(destination, "out/a.txt", "1")).toEqual({ kind: "conflict", file });
    expect(text()).toBe("mine");
    expect(await pull(destination, "out/a.txt", "2", true)).toEqual({ kind: "pulled", file });
    expect(text()).toBe("2");
    await expect(pull(destination, "out/a.txt", null, true)).rejects.toThrow();
    expect(text()).toBe("2");
    expect(readdirSync(path.dirname(file))).toEqual(["a.txt"]);
    expect(readdirSync(destination).sort()).toEqual([".gitignore", RESTORED_MARKER, "out"]);
  });

  it("is in no snapshot and out of git's sight, also when it was added to git", async () => {
    const folder = repository({ "train.py": "x" });
    await pull(path.join(folder, "outputs/1.1.1"), "model.pt", "weights");
    expect(git(folder, "status", "--porcelain")).toBe("");
    git(folder, "add", "-f", "outputs/1.1.1/model.pt");
    expect(namesOf(await snapshotter(folder).take())).toEqual(["train.py"]);
  });

  it("takes no folder that holds something else", async () => {
    const destination = temporaryFolder();
    put(destination, { "notes.txt": "mine" });
    await expect(pull(destination, "a.txt", "1")).rejects.toThrow("were not pulled from a pool");
    expect(readdirSync(destination)).toEqual(["notes.txt"]);
  });

  it.each(["../a", ".", ".gitignore", RESTORED_MARKER])("refuses %s", async (name) => {
    const folder = temporaryFolder();
    const destination = path.join(folder, "outputs");
    await expect(pull(destination, name, "x")).rejects.toThrow(/is not a file of a run|cannot be pulled/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
