import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, watch } from "node:fs";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { restoreCode } from "../../../../src/cluster/client/restore/code.ts";
import { hostilePool, type HostilePool } from "../hostilePool.ts";
import { git, namesOf, put, repository, snapshotter, temporaryFolder, type Taken } from "../support.ts";

function poolWith({ plan, tree }: Taken): HostilePool {
  const pool = hostilePool({});
  const bytes = execFileSync(
    "git",
    ["--git-dir", plan.work.places.repository, "pack-objects", "--revs", "--stdout", "-q"],
    { input: `${tree}\n` },
  );
  pool.pack = { tree, bytes };
  return pool;
}

const FILES = { "train.py": "x = 1\r\n", "run.sh": "#!/bin/sh\n", ".gitattributes": "*.py text eol=lf\n" };

describe("the code of an experiment", () => {
  it("comes back as a detached worktree, exact bytes, in no snapshot", async () => {
    const folder = repository(FILES);
    put(folder, { "train.py": "x = 2\r\n", "new.py": "n" });
    const { take } = snapshotter(folder);
    const snapshot = await take();
    const before = git(folder, "status", "--porcelain");
    const destination = path.join(folder, "checkpoints/1-1-step3-code");
    const restored = await restoreCode({
      connection: poolWith(snapshot),
      experimentId: 1,
      destination,
      workspace: folder,
    });
    expect(restored).toMatchObject({
      folder: path.join(destination, "code"),
      tree: snapshot.tree,
      note: null,
    });
    expect(readFileSync(path.join(restored.folder, "train.py"), "utf8")).toBe("x = 2\r\n");
    expect(git(restored.folder, "rev-parse", "HEAD^{tree}").trim()).toBe(snapshot.tree);
    expect(git(restored.folder, "rev-parse", "HEAD~1").trim()).toBe(git(folder, "rev-parse", "HEAD").trim());
    expect(git(folder, "worktree", "list")).toContain(restored.folder);
    expect(git(folder, "status", "--porcelain")).toBe(before);
    expect(namesOf(await take())).toEqual(namesOf(snapshot));
    put(restored.folder, { "train.py": "mine" });
    const again = { connection: poolWith(snapshot), experimentId: 1, destination, workspace: folder };
    expect(await restoreCode(again)).toMatchObject({ folder: restored.folder, wasThere: true });
    expect(readFileSync(path.join(restored.folder, "train.py"), "utf8")).toBe("mine");
  });

  it("is never taken for the code of another experiment", async () => {
    const folder = repository(FILES);
    const { take } = snapshotter(folder);
    const first = await take();
    put(folder, { "train.py": "x = 2\r\n" });
    const second = await take();
    const destination = path.join(folder, "checkpoints/best-code");
    await restoreCode({ connection: poolWith(first), experimentId: 1, destination });
    const other = restoreCode({ connection: poolWith(second), experimentId: 1, destination });
    await expect(other).rejects.toThrow("not the code of experiment 1");
    put(folder, { "checkpoints/mine/train.py": "x" });
    const mine = path.join(folder, "checkpoints/mine");
    await expect(
      restoreCode({ connection: poolWith(first), experimentId: 1, destination: mine }),
    ).rejects.toThrow("not the code of experiment 1");
  });

  it("leaves the person's other worktrees alone, and none of its own that did not come to be", async () => {
    const folder = repository(FILES);
    const away = path.join(temporaryFolder(), "on-another-disk");
    git(folder, "worktree", "add", "-q", away);
    renameSync(away, `${away}.unmounted`);
    const listed = git(folder, "worktree", "list");
    const snapshot = await snapshotter(folder).take();
    const destination = path.join(folder, "checkpoints/code");
    const restore = (signal?: AbortSignal): ReturnType<typeof restoreCode> =>
      restoreCode({
        ...{ connection: poolWith(snapshot), experimentId: 1, destination, workspace: folder },
        ...(signal ? { signal } : {}),
      });

    const cancel = new AbortController();
    const entries = path.join(folder, ".git/worktrees");
    const watcher = watch(entries, () => cancel.abort());
    await expect(restore(cancel.signal)).rejects.toThrow(/abort/i);
    watcher.close();
    await vi.waitUntil(() => git(folder, "worktree", "list") === listed); // the git that was ended clears up itself

    const restored = await restore();
    expect(git(folder, "worktree", "list")).toContain(away);
    // Deleted by hand, then restored again: the entry of before must not take the new folder's place.
    rmSync(destination, { recursive: true });
    const again = await restore();
    expect(git(again.folder, "rev-parse", "HEAD").trim()).toBe(again.commit);
    expect(again.folder).toBe(restored.folder);
    expect(git(folder, "worktree", "list").trim().split("\n")).toHaveLength(3);
    renameSync(`${away}.unmounted`, away);
    expect(git(away, "status", "--porcelain")).toBe("");
  });

  it("comes back as plain files without a repository", async () => {
    const folder = temporaryFolder();
    put(folder, FILES);
    const destination = path.join(temporaryFolder(), "code-1");
    const restored = await restoreCode({
      connection: poolWith(await snapshotter(folder).take()),
      experimentId: 1,
      destination,
      workspace: folder,
    });
    expect(restored.commit).toBeNull();
    expect(readdirSync(restored.folder).sort()).toEqual([".gitattributes", "run.sh", "train.py"]);
    expect(readFileSync(path.join(restored.folder, "train.py"), "utf8")).toBe("x = 1\r\n");
  });

  it("runs no hook and no filter", async () => {
    const folder = repository({ "train.py": "x" });
    const trace = path.join(temporaryFolder(), "ran");
    put(folder, {
      ".git/hooks/post-checkout": `#!/bin/sh\ntouch ${trace}\n`,
      ".gitattributes": "* filter=evil\n",
    });
    execFileSync("chmod", ["+x", path.join(folder, ".git/hooks/post-checkout")]);
    git(folder, "config", "filter.evil.smudge", `touch ${trace}; cat`);
    const snapshot = await snapshotter(folder).take();
    const destination = path.join(temporaryFolder(), "code");
    const connection = poolWith(snapshot);
    await restoreCode({ connection, experimentId: 1, destination, workspace: folder });
    expect(() => statSync(trace)).toThrow();
  });

  it("refuses a pack that is not one, and one with names that lead out", async () => {
    const folder = temporaryFolder("workspace");
    const destination = path.join(folder, "code");
    const garbage = hostilePool({});
    garbage.pack = { tree: "0".repeat(40), bytes: Buffer.from("garbage") };
    await expect(restoreCode({ connection: garbage, experimentId: 1, destination })).rejects.toThrow(
      "is refused",
    );

    const store = temporaryFolder();
    git(store, "init", "-q", "--bare");
    const input = (args: string[], text: string | Buffer): Buffer =>
      execFileSync("git", args, { cwd: store, input: text });
    const blob = input(["hash-object", "-w", "--stdin"], "evil").toString().trim();
    const entry = Buffer.concat([Buffer.from("100644 ..\0"), Buffer.from(blob, "hex")]);
    const tree = input(["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], entry)
      .toString()
      .trim();
    const hostile = hostilePool({});
    hostile.pack = { tree, bytes: input(["pack-objects", "--stdout", "-q"], `${tree}\n${blob}\n`) };
    await expect(restoreCode({ connection: hostile, experimentId: 1, destination })).rejects.toThrow(
      "is refused",
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
