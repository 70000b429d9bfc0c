/** What git ignores: sent all the same, or found on the pool. */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  leaveOut,
  linkPath,
  mapPath,
  sendPath,
  takeInAgain,
  unmapPath,
} from "../../../../src/cluster/client/snapshot/answers.ts";
import { requireMappable } from "../../../../src/cluster/client/snapshot/mapped.ts";
import { planSnapshot, type SnapshotPlan } from "../../../../src/cluster/client/snapshot/plan.ts";
import { RESTORED_MARKER } from "../../../../src/cluster/client/snapshot/restored.ts";
import { namesOf, put, readTree, repository, snapshotter, temporaryFolder } from "../support.ts";

const REMOTE = { linkable: false, pool: "gpu1" };

function project(): string {
  const folder = repository({ ".gitignore": "data/\nweights\n", "train.py": "x" });
  put(folder, { "data/train.csv": "1\r\n", "data/deep/test.csv": "2", weights: "w" });
  return folder;
}
const left = ({ leftOut }: SnapshotPlan): string[] => leftOut.map((one) => one.path);

describe("an ignored path that is sent", () => {
  it("is part of the snapshot as exact bytes, follows the folder, and stays behind again after Leave Out", async () => {
    const folder = project();
    const { take } = snapshotter(folder);
    const first = await take(REMOTE);
    expect(left(first.plan)).toEqual(["data", "weights"]);
    expect(first.plan.leftOut).toMatchObject([{ sendable: true }, { sendable: true }]);
    await sendPath(first.plan, "data");

    const second = await take(REMOTE);
    expect(namesOf(second)).toEqual([".gitignore", "data/deep/test.csv", "data/train.csv", "train.py"]);
    expect(readTree(second).get("data/train.csv")?.bytes.toString()).toBe("1\r\n");
    expect(second.plan.sent).toEqual([{ path: "data", files: 2, bytes: 4 }]);
    expect(left(second.plan)).toEqual(["weights"]);
    expect(second.plan.unlinked).toEqual([]);
    expect((await take(REMOTE)).tree).toBe(second.tree);

    put(folder, { "data/new.csv": "3", "data/train.csv": "changed" });
    rmSync(path.join(folder, "data/deep"), { recursive: true });
    const third = await take(REMOTE);
    expect(namesOf(third)).toEqual([".gitignore", "data/new.csv", "data/train.csv", "train.py"]);
    expect(readTree(third).get("data/train.csv")?.bytes.toString()).toBe("changed");

    await leaveOut(third.plan, "data");
    const fourth = await take(REMOTE);
    expect(namesOf(fourth)).toEqual([".gitignore", "train.py"]);
    expect(fourth.plan.leftOut).toMatchObject([
      { path: "data", reason: "ignored by .gitignore:1 (data/)", sendable: true },
      { path: "weights" },
    ]);
  });

  it("may be a part of what is ignored, and a part of it may be left out", async () => {
    const folder = project();
    const { take } = snapshotter(folder);
    await sendPath((await take(REMOTE)).plan, "data/train.csv");
    const part = await take(REMOTE);
    expect(namesOf(part)).toEqual([".gitignore", "data/train.csv", "train.py"]);
    expect(left(part.plan)).toEqual(["data", "weights"]);

    await sendPath(part.plan, "data");
    await leaveOut((await take(REMOTE)).plan, "data/deep");
    const without = await take(REMOTE);
    expect(without.plan.sent).toEqual([{ path: "data", files: 1, bytes: 3 }]);
    expect(without.plan.leftOut).toMatchObject([
      { path: "data/deep", reason: "left out by you" },
      { path: "weights" },
    ]);
    await leaveOut(without.plan, "train.py");
    await sendPath((await take(REMOTE)).plan, "train.py");
    expect((await take(REMOTE)).plan.sent.map((one) => one.path)).toEqual(["data"]);
    await takeInAgain(without.plan, "data/deep");
    expect((await take(REMOTE)).plan.sent).toMatchObject([{ path: "data", files: 2 }]);
  });

  it("is not linked on this machine any more, and linked again when the person says so", async () => {
    const folder = project();
    const { take } = snapshotter(folder);
    expect((await take()).info.linked).toMatchObject([{ path: "data" }]);
    await sendPath((await take()).plan, "data/train.csv");
    expect((await take()).info.linked).toMatchObject([{ path: "data/deep" }]);
    await sendPath((await take()).plan, "weights");
    expect(namesOf(await take())).toContain("weights");
    await linkPath((await take()).plan, "weights");
    const again = await take();
    expect(namesOf(again)).not.toContain("weights");
    expect(again.info.linked.map((link) => link.path)).toContain("weights");
  });

  it("is asked about like the rest, where it is large", async () => {
    const folder = repository({ ".gitignore": "data/\n" });
    put(folder, Object.fromEntries(Array.from({ length: 10_001 }, (_, number) => [`data/${number}`, ""])));
    const { take, stateFolder } = snapshotter(folder);
    const { plan } = await take(REMOTE);
    expect(plan.needsConfirmation).toBeNull();
    await sendPath(plan, "data");
    const large = await planSnapshot({ folder, stateFolder, ...REMOTE });
    expect(large.needsConfirmation).toMatchObject({ files: 10_002 });
  }, 60_000);

  it("never holds what was restored, an environment or bytecode; repositories inside have rules of their own", async () => {
    const folder = project();
    put(folder, {
      [`data/7/${RESTORED_MARKER}`]: "{}",
      "data/7/weights.pt": "w",
      "data/env/pyvenv.cfg": "home = /usr\n",
      "data/env/bin/x": "x",
      "data/__pycache__/a.pyc": "x",
      "data/left/x": "x",
    });
    const { take } = snapshotter(folder);
    await sendPath((await take(REMOTE)).plan, "data");
    const { plan, ...taken } = await take(REMOTE);
    expect(namesOf({ plan, ...taken }).filter((name) => name.startsWith("data/"))).toEqual([
      "data/deep/test.csv",
      "data/left/x",
      "data/train.csv",
    ]);
    expect(plan.leftOut).toMatchObject([
      { path: "data/7", reason: "restored from a pool" },
      { path: "data/env", reason: "a Python environment" },
      { path: "weights" },
    ]);
    await expect(sendPath(plan, "data/7/weights.pt")).rejects.toThrow(
      "never sent: it is restored from a pool",
    );
    await expect(sendPath(plan, "data/env")).rejects.toThrow("never sent: it is a Python environment");
  });

  it("is refused where it would not be what the person means", async () => {
    const folder = project();
    symlinkSync(temporaryFolder("big"), path.join(folder, "data/big"));
    const { plan } = await snapshotter(folder).take(REMOTE);
    for (const [name, words] of [
      ["../elsewhere", "no path inside"],
      [".", "no path inside"],
      ["data/missing", "There is no data/missing"],
      ["data/big", "data/big is a link"],
      ["data/big/x", "There is no data/big/x"],
      ["train.py", "train.py is part of the snapshot already."],
    ] as const)
      await expect(sendPath(plan, name), name).rejects.toThrow(words);
  });
});

describe("a path on the pool", () => {
  it("is remembered for one pool, is neither left out nor linked, and can be taken back", async () => {
    const folder = project();
    const { take } = snapshotter(folder);
    await mapPath((await take(REMOTE)).plan, "data", "/scratch/data");
    const { plan } = await take(REMOTE);
    expect(plan.mapped).toEqual([
      { path: "data", target: "/scratch/data", reason: "mapped on gpu1 by you", isOwn: true },
    ]);
    expect([left(plan), plan.unlinked, plan.linked]).toEqual([["weights"], [], []]);
    const other = (await take({ linkable: false, pool: "gpu2" })).plan;
    expect([other.mapped, left(other)]).toEqual([[], ["data", "weights"]]);
    await unmapPath(plan, "data");
    expect((await take(REMOTE)).plan.mapped).toEqual([]);
  });

  it("is another folder's no more than another pool's", async () => {
    // Of folders that no snapshot was taken of: nothing is remembered of them yet.
    const plan = (): Promise<SnapshotPlan> =>
      planSnapshot({ folder: project(), stateFolder: temporaryFolder("state"), ...REMOTE });
    await mapPath(await plan(), "data", "/scratch/data");
    expect((await plan()).mapped).toEqual([]);
  });

  it("may be one that is not here at all", async () => {
    const { take } = snapshotter(project());
    await mapPath((await take(REMOTE)).plan, "imagenet/train", "~/imagenet");
    expect((await take(REMOTE)).plan.mapped).toMatchObject([
      { path: "imagenet/train", target: "~/imagenet" },
    ]);
  });

  it("works on this machine too: the rest of a linked folder is linked beside it", async () => {
    const folder = project();
    const { take } = snapshotter(folder);
    await mapPath((await take()).plan, "data/deep", "/srv/deep");
    const { plan } = await take();
    expect(plan.mapped).toMatchObject([{ path: "data/deep", reason: "mapped on local by you" }]);
    expect(plan.linked.map((link) => link.path)).toEqual(["data/train.csv"]);
  });

  it("is named by the configuration; what the person said goes before it", async () => {
    const folder = project();
    mkdirSync(path.join(folder, "sub"));
    const { take } = snapshotter(folder);
    const dataPlaces = [{ key: "data.imagenet", path: "data", target: "/scratch/a" }];
    expect((await take({ ...REMOTE, dataPlaces })).plan.mapped).toEqual([
      { path: "data", target: "/scratch/a", reason: "data.imagenet of the configuration", isOwn: false },
    ]);
    await mapPath((await take(REMOTE)).plan, "data", "/scratch/b");
    expect((await take({ ...REMOTE, dataPlaces })).plan.mapped).toMatchObject([{ target: "/scratch/b" }]);
    const inFolder = await take({ ...REMOTE, folder: path.join(folder, "sub"), dataPlaces });
    expect(inFolder.plan.mapped.map((one) => one.path)).toEqual(["data", "sub/data"]);
  });

  it("is refused for what the snapshot holds, in another one, and where it is no path", async () => {
    const folder = project();
    const { take } = snapshotter(folder);
    const { plan } = await take(REMOTE);
    await expect(mapPath(plan, "train.py", "/x")).rejects.toThrow(
      "train.py is part of the snapshot. It cannot be /x on gpu1 too",
    );
    for (const bad of ["data", "../x", "~ada/x"])
      await expect(mapPath(plan, "data", bad)).rejects.toThrow("begins with `/` or `~/`");
    await expect(mapPath(plan, "../data", "/x")).rejects.toThrow("no path inside");

    await sendPath(plan, "data/train.csv");
    await expect(mapPath((await take(REMOTE)).plan, "data", "/x")).rejects.toThrow(
      "data is part of the snapshot: it holds data/train.csv.",
    );
    await mapPath((await take(REMOTE)).plan, "data/deep", "/deep");
    await expect(mapPath((await take(REMOTE)).plan, "data/deep/test.csv", "/x")).rejects.toThrow(
      "data/deep/test.csv lies in data/deep, which is /deep on gpu1",
    );
    await expect(sendPath((await take(REMOTE)).plan, "data/deep/test.csv")).rejects.toThrow(
      "data/deep/test.csv lies in data/deep, which is /deep on gpu1.",
    );

    const dataPlaces = [{ key: "data.script", path: "train.py", target: "/x" }];
    const configured = (await take({ ...REMOTE, dataPlaces })).plan;
    expect(() => requireMappable(configured.mapped, { entries: configured.entries, pool: "gpu1" })).toThrow(
      "train.py is part of the snapshot. It cannot be /x on gpu1 too (data.script of the configuration).",
    );
  });

  it("ends when it is sent", async () => {
    const { take } = snapshotter(project());
    await mapPath((await take(REMOTE)).plan, "data", "/scratch/data");
    await sendPath((await take(REMOTE)).plan, "data");
    const { plan } = await take(REMOTE);
    expect([plan.mapped, plan.sent]).toMatchObject([[], [{ path: "data", files: 2 }]]);
  });
});
