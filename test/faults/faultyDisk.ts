/** A disk that fails for one process tree, on command: faultyDisk.c, built for who asks. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Fault {
  /** Comma-separated: open, read, write, sync, rename, truncate, mkdir, link, unlink, look; or all. Default all. */
  calls?: string;
  error: "ENOSPC" | "EIO" | "EROFS" | "EDQUOT" | "ESTALE" | "short" | `hang:${number}`;
  /** The first call of each process that fails, from 1. */
  from?: number;
  /** What lies below this fails; a path that begins so. */
  prefix: string;
}

export interface FaultyDisk {
  /** What the processes need that are to meet it. */
  env: Record<string, string>;
  fail(...faults: Fault[]): void;
  /** There is room again. */
  heal(): void;
  remove(): void;
}

/** Why there is none here; null when there is. */
export const noFaultyDisk: string | null =
  process.platform !== "linux"
    ? "a disk that fails needs Linux"
    : spawnSync("gcc", ["--version"]).error
      ? "a disk that fails needs gcc"
      : null;

export function createFaultyDisk(): FaultyDisk {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-faults-"));
  const library = path.join(folder, "faultyDisk.so");
  const source = path.join(import.meta.dirname, "faultyDisk.c");
  const flags = ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl", "-lpthread"];
  const { status, stderr } = spawnSync("gcc", flags, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const control = path.join(folder, "control");
  const heal = (): void => rmSync(control, { force: true });
  return {
    env: { LD_PRELOAD: library, FAULTY_DISK: control },
    fail(...faults) {
      const lines = faults.map(
        ({ calls = "all", error, from = 1, prefix }) => `${calls} ${error} ${from} ${prefix}\n`,
      );
      writeFileSync(`${control}.new`, lines.join(""));
      renameSync(`${control}.new`, control);
    },
    heal,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
