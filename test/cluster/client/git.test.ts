import { chmodSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  bytePath,
  checkGit,
  displayPath,
  git,
  joinPaths,
  runGit,
  splitPaths,
} from "../../../src/cluster/client/git.ts";
import { UserError } from "../../../src/cluster/client/userError.ts";
import { put, temporaryFolder } from "./support.ts";

const PATH = process.env.PATH;
afterEach(() => {
  process.env.PATH = PATH;
});

describe("git on this machine", () => {
  it("is asked for when it is missing or too old", async () => {
    const bin = temporaryFolder("bin");
    process.env.PATH = bin;
    const missing = await checkGit().catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(UserError);
    expect((missing as UserError).message).toBe("git was not found.");
    expect((missing as UserError).remedy).toContain("Install git");
    put(bin, { git: "#!/bin/sh\necho git version 1.8.3.1\n" });
    chmodSync(path.join(bin, "git"), 0o755);
    await expect(checkGit()).rejects.toThrow("git is too old: git version 1.8.3.1; 2.20 or newer is needed.");
    process.env.PATH = PATH;
    await expect(checkGit()).resolves.toBeUndefined();
  });

  it("says in git's own words what went wrong, and does not follow a surrounding git", async () => {
    const folder = temporaryFolder();
    process.env.GIT_DIR = "/nowhere";
    try {
      await git(["init", "-q"], { cwd: folder });
      expect((await runGit(["rev-parse", "--git-dir"], { cwd: folder })).stdout.toString()).toBe(".git\n");
    } finally {
      delete process.env.GIT_DIR;
    }
    await expect(git(["cat-file", "-t", "0000"], { cwd: folder })).rejects.toThrow(
      /git cat-file failed.*Not a valid/,
    );
  });

  it("ends with its signal", async () => {
    const cancel = new AbortController();
    const running = runGit(["cat-file", "--batch"], { cwd: "/", signal: cancel.signal });
    cancel.abort();
    await expect(running).rejects.toThrow(/abort/i);
  });
});

describe("paths as bytes", () => {
  it("survive in any encoding", () => {
    const bytes = Buffer.concat([Buffer.from("gr\u00fc\n"), Buffer.from([0xe9, 0xff]), Buffer.from("\0b\0")]);
    const paths = splitPaths(bytes);
    expect(paths).toHaveLength(2);
    expect(joinPaths(paths).equals(bytes)).toBe(true);
    expect(displayPath(bytePath("grün/😀"))).toBe("grün/😀");
    expect(splitPaths(Buffer.alloc(0))).toEqual([]);
  });
});
