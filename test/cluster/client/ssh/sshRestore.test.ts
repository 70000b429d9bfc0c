/** Restoring over real sshds, some of them far away: spread, cut, killed, cancelled. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { trainCheckpoint } from "../../../../scripts/ssh/checkpoint.mts";
import type { PoolConnection } from "../../../../src/cluster/client/connection.ts";
import { PoolLink } from "../../../../src/cluster/client/link.ts";
import {
  restoreCheckpoint,
  type Restored,
  type RestoreProgress,
} from "../../../../src/cluster/client/restore.ts";
import { restoreThroughCuts } from "../../../../src/cluster/client/restore/throughCuts.ts";
import { connectSshPool, type SshPoolOptions } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { temporaryFolder } from "../support.ts";
import { startSshd, type TestHost } from "./host.ts";
import { type Relay, startRelay } from "./relay.ts";

const ROOT = path.resolve(import.meta.dirname, "../../../..");
const DIST = path.join(ROOT, "dist");
const SIZES = [48_000_000, 3_000_000, 20, 0];
const TOTAL = SIZES.reduce((sum, size) => sum + size, 0);
const FAR_MS = 5;

// What is sent to a host is the bundles.
beforeAll(() => {
  execFileSync(process.execPath, [path.join(ROOT, "scripts/build.mts")], { cwd: ROOT, stdio: "ignore" });
}, 120_000);

interface Rig {
  host: TestHost;
  relay: Relay;
  uuid: string;
  destination: string;
  options: SshPoolOptions;
  connect: () => Promise<PoolConnection>;
}

/** A host behind a way that takes its time, with one checkpoint. */
async function rig(delayMs = FAR_MS, mostConnections = Infinity): Promise<Rig> {
  const host = await startSshd();
  const relay = await startRelay(host.port, delayMs, mostConnections);
  const folder = temporaryFolder("client");
  const config = path.join(host.folder, "ssh_config");
  const lines = [
    "Host testhost",
    "  HostName 127.0.0.1",
    `  IdentityFile ${host.identity}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${path.join(host.folder, "none")}`,
    "  GlobalKnownHostsFile /dev/null",
  ];
  fs.writeFileSync(config, `${lines.join("\n")}\n`);
  const options = (port: number): SshPoolOptions => ({
    entry: {
      kind: "ssh",
      name: "gpu1",
      destination: `testhost:${port}`,
      sshConfig: config,
      home: path.join(host.folder, "pool"),
      runtimePath: process.execPath,
      fingerprint: null,
    },
    stateFolder: path.join(folder, "state"),
    dist: DIST,
    client: { name: "test", version: "0.0.0" },
    questions: { trustHostKey: () => Promise.resolve(true), secret: () => Promise.resolve(null) },
    memory: new Map(),
  });
  const near = await connectSshPool(options(host.port));
  const project = path.join(folder, "project");
  const uuid = await trainCheckpoint(near, {
    ...{ stateFolder: path.join(folder, "state"), folder: project, sizes: SIZES },
  });
  near.close();
  return {
    ...{ host, relay, uuid },
    destination: path.join(folder, "checkpoints", "one"),
    options: options(relay.port),
    connect: async () => {
      const connection = await connectSshPool(options(relay.port));
      onTestFinished(() => connection.close());
      return connection;
    },
  };
}

function expectWhole({ destination, host, uuid }: Rig): void {
  const there = path.join(host.folder, "pool/checkpoints", uuid, "files");
  for (const [index, size] of SIZES.entries()) {
    const bytes = fs.readFileSync(path.join(destination, `file${index}.bin`));
    expect(bytes.length).toBe(size);
    expect(bytes.equals(fs.readFileSync(path.join(there, `file${index}.bin`)))).toBe(true);
  }
  expect(fs.readdirSync(path.dirname(destination))).toEqual([path.basename(destination)]);
}

/** Restores, and says from which byte on it received. */
async function restoreRest(at: Rig): Promise<number> {
  let first: number | null = null;
  const onProgress = ({ phase, bytes }: RestoreProgress): void => {
    if (phase === "receiving") first ??= bytes;
  };
  const connection = await at.connect();
  const restored = await restoreCheckpoint({ ...at, connection, onProgress });
  expect(restored.kind).toBe("restored");
  return first ?? 0;
}

describe("a host that is far away", () => {
  it("is reached by a few connections while much is fetched, and by none afterwards", async () => {
    const at = await rig();
    const connection = await at.connect();
    expect(at.relay.made()).toBe(1);
    expect(await restoreCheckpoint({ ...at, connection })).toMatchObject({ kind: "restored" });
    expectWhole(at);
    expect(at.relay.made()).toBe(4);
    connection.close();
    await expect.poll(at.relay.open).toBe(0);
  }, 60_000);

  it("gives everything over one connection where it takes no other", async () => {
    const at = await rig(FAR_MS, 1);
    expect(await restoreCheckpoint({ ...at, connection: await at.connect() })).toMatchObject({
      kind: "restored",
    });
    expectWhole(at);
    expect(at.relay.made()).toBe(4);
    expect(at.relay.open()).toBe(1);
  }, 60_000);
});

describe("a restore that outlives its connection", () => {
  /** Restores through a link; `at70` is called once, when so much is there. */
  function start(
    at: Rig,
    at70: () => void,
    signal?: AbortSignal,
  ): { restoring: Promise<Restored>; cuts: () => number } {
    const link = new PoolLink(() => connectSshPool(at.options));
    onTestFinished(() => link.close());
    let cuts = 0;
    let isTold = false;
    const restoring = link.connection().then((connection) =>
      restoreThroughCuts({
        ...at,
        connection,
        signal,
        reconnect: (given) => link.whenConnected(given),
        onCut: () => (cuts += 1),
        onProgress: ({ bytes }) => {
          if (isTold || bytes < TOTAL * 0.7) return;
          isTold = true;
          at70();
        },
      }),
    );
    return { restoring, cuts: () => cuts };
  }

  it("waits for the next one, and fetches hardly anything twice", async () => {
    const at = await rig();
    const { restoring, cuts } = start(at, () => at.relay.down());
    await expect.poll(cuts, { timeout: 30_000 }).toBe(1);
    expect(fs.existsSync(at.destination)).toBe(false);
    at.relay.up();
    expect(await restoring).toMatchObject({ kind: "restored" });
    expectWhole(at);
    expect(at.relay.sentBytes()).toBeLessThan(TOTAL * 1.3);
  }, 90_000);

  it("goes on by itself after every cut", async () => {
    const at = await rig();
    const { restoring } = start(at, () => undefined);
    let isOver = false;
    const over = restoring.finally(() => (isOver = true));
    for (let sent = TOTAL / 6; sent < TOTAL; sent += TOTAL / 6) {
      await expect
        .poll(() => isOver || at.relay.sentBytes() > sent, { timeout: 30_000, interval: 5 })
        .toBe(true);
      at.relay.down();
      at.relay.up();
    }
    expect(await over).toMatchObject({ kind: "restored" });
    expectWhole(at);
  }, 90_000);

  it("leaves nothing when a person gives up while there is no connection", async () => {
    const at = await rig();
    const cancel = new AbortController();
    const { restoring, cuts } = start(at, () => at.relay.down(), cancel.signal);
    await expect.poll(cuts, { timeout: 30_000 }).toBe(1);
    expect(fs.readdirSync(path.dirname(at.destination))).toHaveLength(1);
    cancel.abort();
    await expect(restoring).rejects.toThrow(/abort/i);
    expect(fs.existsSync(path.dirname(at.destination))).toBe(false);
  }, 90_000);

  it("ends, and keeps what has arrived, when only a person can help", async () => {
    const at = await rig();
    const link = new PoolLink(() => connectSshPool(at.options));
    onTestFinished(() => link.close());
    const connection = await link.connection();
    const restoring = restoreThroughCuts({
      ...at,
      connection,
      reconnect: (signal) => link.whenConnected(signal),
      onProgress: ({ bytes }) => {
        if (bytes < TOTAL * 0.7) return;
        fs.writeFileSync(path.join(at.host.folder, "authorized_keys"), "");
        at.host.cut();
      },
    });
    await expect(restoring).rejects.toThrow(/did not let us in/);
    expect(fs.readdirSync(path.dirname(at.destination))).toEqual([expect.stringMatching(/\.partial$/)]);
  }, 90_000);
});

describe("a restore that is ended half way", () => {
  it("goes on after the link was cut", async () => {
    const at = await rig();
    let last = 0;
    const onProgress = ({ bytes }: RestoreProgress): void => {
      if (last < TOTAL * 0.7 && bytes >= TOTAL * 0.7) at.host.cut();
      last = bytes;
    };
    const restoring = restoreCheckpoint({ ...at, connection: await at.connect(), onProgress });
    await expect(restoring).rejects.toMatchObject({ reason: "disconnected" });
    expect(fs.existsSync(at.destination)).toBe(false);
    // What has arrived is not fetched again.
    expect(await restoreRest(at)).toBe(last);
    expectWhole(at);
  }, 60_000);

  it("goes on after the editor was killed", async () => {
    const at = await rig();
    const { questions: _questions, memory: _memory, ...options } = at.options;
    const fixture = path.join(ROOT, "test/cluster/client/fixtures/restoreOnce.ts");
    const child = spawn(process.execPath, [fixture, JSON.stringify(options), at.uuid, at.destination], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let last = 0;
    child.stdout.on("data", (text: Buffer) => {
      last = Number(text.toString().trim().split("\n").at(-1));
      if (last >= TOTAL * 0.7) child.kill("SIGKILL");
    });
    await once(child, "close");
    expect(child.signalCode).toBe("SIGKILL");
    expect(fs.existsSync(at.destination)).toBe(false);
    const first = await restoreRest(at);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(TOTAL);
    expectWhole(at);
  }, 60_000);

  it("leaves nothing when a person has cancelled it", async () => {
    const at = await rig();
    const cancel = new AbortController();
    const onProgress = ({ bytes }: RestoreProgress): void => {
      if (bytes > TOTAL / 2) cancel.abort();
    };
    const connection = await at.connect();
    await expect(restoreCheckpoint({ ...at, connection, onProgress, signal: cancel.signal })).rejects.toThrow(
      /abort/i,
    );
    expect(fs.existsSync(path.dirname(at.destination))).toBe(false);
    // And the connection is as good as before.
    expect(await restoreCheckpoint({ ...at, connection })).toMatchObject({ kind: "restored" });
    expectWhole(at);
  }, 60_000);
});
