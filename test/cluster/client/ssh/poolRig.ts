/** A pool at the other end of a real sshd, and what a test may turn about it. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished } from "vitest";
import type { PoolConnection } from "../../../../src/cluster/client/connection.ts";
import { withLock } from "../../../../src/cluster/client/fileLock.ts";
import { restoreCheckpoint } from "../../../../src/cluster/client/restore.ts";
import type { ShownHostKey, SshQuestions } from "../../../../src/cluster/client/ssh/host.ts";
import { connectSshPool, type SshPoolOptions } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { submitExperiment } from "../../../../src/cluster/client/submit.ts";
import { put, temporaryFolder } from "../support.ts";
import { type Account, makeAccount } from "./accounts.ts";
import { startSshd, type TestHost } from "./host.ts";

const ROOT = path.resolve(import.meta.dirname, "../../../..");
export const DIST = path.join(ROOT, "dist");

/** What is sent to a host is the bundles: built once for all test files, which run side by side. */
export async function buildBundles(): Promise<void> {
  const lock = path.join(os.tmpdir(), `trainyard-build-${ROOT.replaceAll("/", "-")}.lock`);
  await withLock(lock, "build", undefined, () => {
    const isFresh = modifiedAt(path.join(DIST, "host.js")) > newestOf(path.join(ROOT, "src"));
    if (!isFresh)
      execFileSync(process.execPath, [path.join(ROOT, "scripts/build.mts")], { cwd: ROOT, stdio: "ignore" });
    return Promise.resolve();
  });
}

const modifiedAt = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function newestOf(folder: string): number {
  return Math.max(
    ...fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.parentPath.includes("__pycache__") && entry.name !== "__pycache__")
      .map((entry) => modifiedAt(path.join(entry.parentPath, entry.name))),
  );
}

export interface Rig {
  host: TestHost;
  /** Who logs in; null for who runs the tests. */
  account: Account | null;
  stateFolder: string;
  asked: ShownHostKey[];
  options: (change?: Partial<SshPoolOptions["entry"]>) => SshPoolOptions;
  connect: (change?: Partial<SshPoolOptions["entry"]>) => Promise<PoolConnection>;
}

export interface RigOptions {
  /** Another account to log in as, with this login shell. As root only. */
  shell?: string;
  /** Shell lines in a mount namespace of sshd's own; `$FOLDER` is its folder. As root only. */
  mount?: string;
  /** Variables of what runs on the host. */
  environment?: Record<string, string>;
  secret?: SshQuestions["secret"];
}

/** @param answer to the question whether a host's key is the right one */
export async function rig(
  settings: readonly string[] = [],
  answer = true,
  { shell, mount, environment, secret = () => Promise.resolve(null) }: RigOptions = {},
): Promise<Rig> {
  const host = await startSshd(settings, {
    mount,
    environment,
    home: shell === undefined ? "own" : "account",
  });
  const account = shell === undefined ? null : makeAccount(host, shell);
  const stateFolder = temporaryFolder("state");
  const config = path.join(host.folder, "ssh_config");
  fs.writeFileSync(
    config,
    [
      "Host testhost",
      "  HostName 127.0.0.1",
      `  Port ${host.port}`,
      ...(account === null ? [] : [`  User ${account.name}`]),
      `  IdentityFile ${host.identity}`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${path.join(host.folder, "none")}`,
      "  GlobalKnownHostsFile /dev/null\n",
    ].join("\n"),
  );
  const asked: ShownHostKey[] = [];
  const options: Rig["options"] = (change = {}) => ({
    entry: {
      kind: "ssh",
      name: "gpu1",
      destination: "testhost",
      sshConfig: config,
      home: account === null ? path.join(host.folder, "pool") : null,
      runtimePath: account?.node ?? process.execPath,
      fingerprint: null,
      ...change,
    },
    stateFolder,
    dist: DIST,
    client: { name: "test", version: "0.0.0" },
    questions: {
      trustHostKey: (key) => {
        asked.push(key);
        return Promise.resolve(answer);
      },
      secret,
    },
    memory: new Map(),
  });
  const connect: Rig["connect"] = async (change) => {
    const connection = await connectSshPool(options(change));
    onTestFinished(() => connection.close());
    return connection;
  };
  return { host, account, stateFolder, asked, options, connect };
}

const SCRIPT = `import trainyard
run = trainyard.init()
for step in range(1, 4):
    run.report(step, loss=1 / step)
    with run.checkpoint(step) as path:
        (path / "weights.txt").write_text("weights %d" % step)
`;

/** A script there, and its last checkpoint here: the packs and the files travel as bulk. */
export async function trainAndRestore(
  { stateFolder }: Pick<Rig, "stateFolder">,
  connection: PoolConnection,
): Promise<void> {
  const folder = temporaryFolder("project");
  put(folder, { "train.py": SCRIPT });
  const submitted = await submitExperiment({
    connection,
    isRemote: true,
    stateFolder,
    script: path.join(folder, "train.py"),
    folder,
    confirm: () => Promise.resolve("cancel"),
  });
  const get = () => connection.call("experiment/get", { experimentId: submitted.experimentId });
  await expect
    .poll(async () => (await get()).experiment.state, { timeout: 30_000 })
    .toSatisfy((state) => state === "completed" || state === "failed");
  const { trials, checkpoints } = await get();
  expect(trials).toMatchObject([{ state: "completed", failure: null, latestStep: 3 }]);
  const destination = path.join(folder, "checkpoints", "3");
  const uuid = checkpoints.find(({ step }) => step === 3)?.uuid ?? "";
  expect(await restoreCheckpoint({ connection, uuid, destination })).toMatchObject({ kind: "restored" });
  expect(fs.readFileSync(path.join(destination, "weights.txt"), "utf8")).toBe("weights 3");
  expect(await restoreCheckpoint({ connection, uuid, destination })).toMatchObject({ kind: "already" });
}
