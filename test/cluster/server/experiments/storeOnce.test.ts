import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Manifest } from "../../../../src/cluster/protocol/runDirectory.ts";
import { storeOnce } from "../../../../src/cluster/server/experiments/storeOnce.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-once-"))));
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const BIG = Buffer.alloc(200_000, "x");
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const fileOf = (uuid: string, name: string): string => path.join(folder, uuid, "files", name);

function checkpoint(uuid: string, files: Record<string, Buffer>): Manifest {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(path.dirname(fileOf(uuid, name)), { recursive: true });
    writeFileSync(fileOf(uuid, name), bytes);
  }
  return {
    version: 1,
    uuid,
    run: "1.1.1",
    trial: "1.1",
    step: 1,
    createdAt: 0,
    metadata: {},
    metrics: {},
    files: Object.entries(files).map(([name, bytes]) => ({
      path: name,
      bytes: bytes.length,
      sha256: sha256(bytes),
    })),
  };
}
const others = (digest: string, uuid: string, name: string) => (asked: string) =>
  asked === digest ? [{ uuid, path: name }] : [];

it("keeps one of two equal files, under both names, and leaves small ones alone", async () => {
  checkpoint("a", { "frozen.bin": BIG });
  const manifest = checkpoint("b", { "deep/frozen.bin": BIG, "small.bin": Buffer.from("small") });
  const saved = await storeOnce(manifest, {
    folder,
    others: others(sha256(BIG), "a", "frozen.bin"),
    mayLink: true,
  });
  expect(saved).toBe(BIG.length);
  expect(readFileSync(fileOf("b", "deep/frozen.bin"))).toEqual(BIG);
  expect(readdirSync(path.join(folder, "b"))).toEqual(["files"]);
  // One file with two names, where this file system makes no clones.
  const isOne = statSync(fileOf("a", "frozen.bin")).ino === statSync(fileOf("b", "deep/frozen.bin")).ino;
  const again = await storeOnce(manifest, {
    folder,
    others: others(sha256(BIG), "a", "frozen.bin"),
    mayLink: true,
  });
  if (isOne) expect(again).toBe(0);
  rmSync(path.join(folder, "a"), { recursive: true });
  expect(readFileSync(fileOf("b", "deep/frozen.bin"))).toEqual(BIG);
});

it("never takes a copy that has rotted for a good one, whatever its digest was", async () => {
  checkpoint("a", { "frozen.bin": Buffer.concat([BIG.subarray(1), Buffer.from("!")]) });
  const manifest = checkpoint("b", { "frozen.bin": BIG });
  const saved = await storeOnce(manifest, {
    folder,
    others: others(sha256(BIG), "a", "frozen.bin"),
    mayLink: true,
  });
  expect(saved).toBe(0);
  expect(readFileSync(fileOf("b", "frozen.bin"))).toEqual(BIG);
});

it("leaves both where the other is gone, or is no plain file any more", async () => {
  const manifest = checkpoint("b", { "frozen.bin": BIG });
  const options = { folder, others: others(sha256(BIG), "a", "frozen.bin"), mayLink: true };
  expect(await storeOnce(manifest, options)).toBe(0);
  mkdirSync(fileOf("a", "frozen.bin"), { recursive: true });
  expect(await storeOnce(manifest, options)).toBe(0);
  expect(readFileSync(fileOf("b", "frozen.bin"))).toEqual(BIG);
  expect(readdirSync(path.join(folder, "b"))).toEqual(["files"]);
});
