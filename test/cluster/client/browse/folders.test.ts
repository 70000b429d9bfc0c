import { describe, expect, it } from "vitest";
import { foldersOf, listFolder, type Place } from "../../../../src/cluster/client/browse/folders.ts";
import { openPoolFile } from "../../../../src/cluster/client/browse/poolFile.ts";
import { hostilePool, manifestOf, UUID } from "../hostilePool.ts";

const names = (listing: Awaited<ReturnType<typeof listFolder>>, folder: string): string[] | undefined =>
  listing.folders.get(folder)?.map(({ name, isFolder }) => (isFolder ? `${name}/` : name));
const checkpoint: Place = { kind: "checkpoint", uuid: UUID };

describe("a checkpoint's files", () => {
  it("are listed folder by folder from its manifest", async () => {
    const pool = hostilePool({ "model.bin": Buffer.from("abc"), "optimizer/a/state.bin": Buffer.from("d") });
    const listing = await listFolder(pool, checkpoint, "");
    expect([...listing.folders.keys()].sort()).toEqual(["", "optimizer", "optimizer/a"]);
    expect(names(listing, "")).toEqual(["model.bin", "optimizer/"]);
    expect(listing.folders.get("")?.[0]).toEqual({
      name: "model.bin",
      isFolder: false,
      bytes: 3,
      modifiedMs: 1000,
    });
    expect(names(listing, "optimizer/a")).toEqual(["state.bin"]);
    expect(pool.calls).toEqual(["checkpoint/manifest"]);
  });

  it.each(["../../.bashrc", "/etc/passwd", ".git/hooks/post-checkout", "a\u0000b"])(
    "are refused where one is named %j",
    async (path) => {
      const files = [{ path, bytes: 1, sha256: "0".repeat(64) }];
      const pool = hostilePool({}, manifestOf({}, { files }));
      await expect(listFolder(pool, checkpoint, "")).rejects.toThrow(/is refused/);
    },
  );
});

describe("a flat list of hostile names", () => {
  it("shows what stays inside, once", () => {
    const files = ["../up", "/abs", "a/../../b", "c:\\d", "x//y", ".", "good", "good/one", "good/one", "ä/ö"];
    const folders = foldersOf(files.map((path) => ({ path, bytes: 1 })), null); // prettier-ignore
    expect([...folders]).toMatchObject([
      [
        "",
        [
          { name: "good", isFolder: true },
          { name: "ä", isFolder: true },
        ],
      ],
      ["good", [{ name: "one", isFolder: false }]],
      ["ä", [{ name: "ö", isFolder: false }]],
    ]);
  });

  it("is not believed of a run either", async () => {
    const run = (path: string) => ({ path, bytes: 1, modifiedAt: 5, isDirectory: false });
    const pool = {
      call: (() =>
        Promise.resolve({
          files: ["plots/a.png", "other/b.png", "plots/../c"].map(run),
          truncated: false,
        })) as never,
    };
    const listing = await listFolder(pool, { kind: "run", runId: "1.1.1" }, "plots");
    expect(names(listing, "plots")).toEqual(["a.png"]);
  });
});

describe("a file of a pool", () => {
  const source = { type: "checkpointFile", uuid: UUID, path: "model.bin" } as const;
  const open = async (change: (pool: ReturnType<typeof hostilePool>) => void = () => undefined) => {
    const pool = hostilePool({ "model.bin": Buffer.alloc(200_000, "x") });
    change(pool);
    return { pool, file: await openPoolFile(pool, source) };
  };

  it("is read by range", async () => {
    const { pool, file } = await open();
    expect(await file.read(10, 5)).toEqual(Buffer.from("xxxxx"));
    expect(await file.read(0, 0)).toHaveLength(0);
    expect(pool.sentBytes).toBe(5);
  });

  it("is not taken where more or less comes than was asked for", async () => {
    const more = await open((pool) => (pool.obeysRanges = false));
    await expect(more.file.read(0, 100)).rejects.toMatchObject({ reason: "failed" });
    expect(more.pool.sentBytes).toBeLessThan(200_000);
    const less = await open();
    await expect(less.file.read(199_990, 100)).rejects.toThrow(/10 bytes came where 100 were expected/);
  });

  it("says that the line was cut", async () => {
    const { file } = await open((pool) => (pool.lostAfterBytes = 100_000));
    await expect(file.read(0, 200_000)).rejects.toMatchObject({
      reason: "disconnected",
      message: /Reading model\.bin broke off/,
    });
  });

  it("has a size that is one", async () => {
    const call = (() => Promise.resolve({ ticket: "t", bytes: -1 })) as never;
    await expect(openPoolFile({ ...hostilePool({}), call }, source)).rejects.toMatchObject({
      reason: "protocol",
    });
  });
});
