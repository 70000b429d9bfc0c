/** kill -9 of the client, of its git, and of the server in the middle of a snapshot: the next submit runs what is on disk then. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sweepLitter } from "../../../../src/cluster/client/snapshot/litter.ts";
import { placesOf } from "../../../../src/cluster/client/snapshot/memory.ts";

const SUBMIT = path.join(import.meta.dirname, "../fixtures/submitOnce.ts");
const SCRIPT = `import hashlib, pathlib
print(hashlib.sha256(pathlib.Path("weights.bin").read_bytes()).hexdigest(), flush=True)
`;
/** Large enough that each step takes long enough to be met. */
const WEIGHTS_BYTES = 24_000_000;
const FILES = 600;

const base = mkdtempSync(path.join(tmpdir(), "trainyard-snapshot-kills-"));
const [home, state, folder] = ["pool", "state", "project"].map((name) => path.join(base, name)) as [
  string,
  string,
  string,
];
const places = placesOf(state, folder);
const lockFile = path.join(home, "state/lock");

beforeAll(() => {
  mkdirSync(folder);
  writeFileSync(path.join(folder, "train.py"), SCRIPT);
  for (let number = 0; number < FILES; number++)
    writeFileSync(path.join(folder, `f${number}.py`), `x = ${number}\n`);
});
afterAll(async () => {
  killServer("SIGTERM");
  await sleep(1000);
  rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

function killServer(signal: NodeJS.Signals): void {
  if (existsSync(lockFile))
    process.kill((JSON.parse(readFileSync(lockFile, "utf8")) as { pid: number }).pid, signal);
}
function change(): string {
  const weights = randomBytes(WEIGHTS_BYTES);
  writeFileSync(path.join(folder, "weights.bin"), weights);
  return createHash("sha256").update(weights).digest("hex");
}
const submitting = (): ChildProcess =>
  spawn(process.execPath, [SUBMIT, home, state, folder], { detached: true, stdio: "ignore" });

/** Names below a folder, none where it is not there (any more). */
function names(place: string): string[] {
  try {
    return readdirSync(place, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}
const incoming = (): string[] => names(path.join(home, "snapshots.git/incoming"));
const shadow = (inner: string): string[] => names(path.join(places.repository, inner));
const trees = (): string[] => readdirIfThere(path.join(home, "trees"));
function readdirIfThere(place: string): string[] {
  return existsSync(place) ? readdirSync(place) : [];
}

const MOMENTS: Record<string, () => boolean> = {
  "the folder's lock is taken": () => existsSync(places.lock),
  "the index is begun": () => shadow("").some((name) => /^index\.[0-9a-f]+$/.test(name)),
  "the large file is read": () => shadow("objects/pack").some((name) => name.startsWith("tmp_")),
  "the pack is sent": () => incoming().some((name) => name.includes("tmp_pack")),
  "the tree is built": () => trees().some((name) => name.startsWith(".building-")),
};
const CLIENT = Object.keys(MOMENTS).slice(0, 4);
const SERVER = Object.keys(MOMENTS).slice(3);

async function killedWhen(moment: string, kill: (client: ChildProcess) => void): Promise<void> {
  const client = submitting();
  const ended = once(client, "exit");
  while (client.exitCode === null && !MOMENTS[moment]?.()) await sleep(1);
  expect(client.exitCode, `${moment}: never seen`).toBeNull();
  kill(client);
  await ended;
}

function nextRunsWhatIsThere(expected: string): void {
  const next = spawnSync(process.execPath, [SUBMIT, home, state, folder], { encoding: "utf8" });
  expect(next.status, next.stderr).toBe(0);
  expect(next.stdout.trim()).toBe(expected);
  execFileSync("git", ["--git-dir", path.join(home, "snapshots.git"), "fsck", "--connectivity-only"]);
}

async function nothingIsLeft(): Promise<void> {
  await sweepLitter(places, 0);
  expect(shadow("").filter((name) => /(^|\/)(index\.|person\.|tmp_(?!obj))/.test(name))).toEqual([]);
  expect(existsSync(places.lock)).toBe(false);
}

test.each(CLIENT)(
  "the client, when %s",
  async (moment) => {
    const expected = change();
    await killedWhen(moment, (client) => client.kill("SIGKILL"));
    nextRunsWhatIsThere(expected);
    await nothingIsLeft();
    await expect.poll(incoming, { timeout: 10_000 }).toEqual([]);
  },
  60_000,
);

test.each(CLIENT.slice(1, 3))(
  "the client and its git, when %s",
  async (moment) => {
    change();
    // What is half read then is not what is there at the next click.
    await killedWhen(moment, (client) => process.kill(-(client.pid ?? 0), "SIGKILL"));
    nextRunsWhatIsThere(change());
    await nothingIsLeft();
  },
  60_000,
);

test.each(SERVER)(
  "the server, when %s",
  async (moment) => {
    const expected = change();
    await killedWhen(moment, (client) => {
      killServer("SIGKILL");
      client.kill("SIGKILL");
    });
    nextRunsWhatIsThere(expected);
    expect(incoming()).toEqual([]);
    await expect
      .poll(() => trees().filter((name) => name.startsWith(".building-")), { timeout: 10_000 })
      .toEqual([]);
    await nothingIsLeft();
  },
  60_000,
);
