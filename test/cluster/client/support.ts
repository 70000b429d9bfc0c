/** Real folders, a real git that knows no configuration of the machine, and a look into the trees that it made. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, onTestFinished } from "vitest";
import type { SnapshotInfo } from "../../../src/cluster/protocol/entities.ts";
import {
  planSnapshot,
  type PlanOptions,
  type SnapshotPlan,
} from "../../../src/cluster/client/snapshot/plan.ts";
import { writeSnapshot, type WrittenSnapshot } from "../../../src/cluster/client/snapshot/write.ts";

const home = mkdtempSync(path.join(realpathSync(os.tmpdir()), "trainyard-home-"));
writeFileSync(
  path.join(home, ".gitconfig"),
  "[user]\n\tname = Test\n\temail = test@localhost\n[init]\n\tdefaultBranch = main\n",
);
process.env.HOME = home;
delete process.env.XDG_CONFIG_HOME;
delete process.env.XDG_STATE_HOME;
process.env.GIT_CONFIG_NOSYSTEM = "1";
afterAll(() => rmSync(home, { recursive: true, force: true }));

export const homeFolder = home;

export function temporaryFolder(name = "folder"): string {
  const base = mkdtempSync(path.join(realpathSync(os.tmpdir()), "trainyard-test-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const folder = path.join(base, name);
  mkdirSync(folder);
  return folder;
}

/** Writes files; a path that ends with `/` is an empty folder. */
export function put(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(name.endsWith("/") ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith("/")) writeFileSync(file, content);
  }
}

export function git(folder: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export function repository(files: Record<string, string | Buffer> = {}): string {
  const folder = temporaryFolder("work");
  git(folder, "init", "-q");
  put(folder, files);
  git(folder, "add", "-A");
  git(folder, "commit", "-q", "--allow-empty", "-m", "first");
  return folder;
}

export type Taken = Omit<WrittenSnapshot, "info"> & { info: SnapshotInfo };

/** With everything that is told later. */
export async function written(plan: SnapshotPlan): Promise<Taken> {
  const snapshot = await writeSnapshot(plan);
  return { ...snapshot, info: await snapshot.info };
}

export interface Snapshotter {
  stateFolder: string;
  take: (options?: Partial<PlanOptions>) => Promise<Taken>;
}

export function snapshotter(folder: string): Snapshotter {
  const stateFolder = temporaryFolder("state");
  return {
    stateFolder,
    take: async (options = {}) => written(await planSnapshot({ folder, stateFolder, ...options })),
  };
}

/** What the tree holds, read without any filter: path (bytes as latin1) to mode and bytes. */
export function readTree(
  snapshot: Pick<WrittenSnapshot, "tree" | "plan">,
): Map<string, { mode: string; bytes: Buffer }> {
  const gitDir = ["--git-dir", snapshot.plan.work.places.repository];
  const listed = execFileSync("git", [...gitDir, "ls-tree", "-r", "-z", "--full-tree", snapshot.tree]);
  const files = new Map<string, { mode: string; bytes: Buffer }>();
  for (const item of listed.toString("latin1").split("\0").filter(Boolean)) {
    const [mode = "", , object = "", name = ""] = /^(\S+) (\S+) (\S+)\t([^]*)$/.exec(item)?.slice(1) ?? [];
    files.set(name, { mode, bytes: execFileSync("git", [...gitDir, "cat-file", "blob", object]) });
  }
  return files;
}

export function namesOf(snapshot: Pick<WrittenSnapshot, "tree" | "plan">): string[] {
  return [...readTree(snapshot).keys()].sort();
}
