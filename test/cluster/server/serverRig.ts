/** The server as a process, with a real socket, and in an environment of the test's. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildSync } from "esbuild";
import { WebSocket } from "ws";
import { SUBPROTOCOL } from "../../../src/cluster/protocol/version.ts";
import type { PoolConnection } from "../../../src/cluster/client/connection.ts";
import type { Trial } from "../../../src/cluster/protocol/entities.ts";
import { connectTo, submitOver } from "./overSocket.ts";
import { killRuns, type SubmitChanges } from "./testServer.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");

export interface ServerRig {
  readonly home: string;
  readonly process: ChildProcess;
  readonly pool: PoolConnection;
  /** Sends the snapshot as a client does, and submits. @returns the trial */
  submit(script: string, changes?: SubmitChanges): Promise<string>;
  trial(trialId: string): Promise<Trial>;
  until(trialId: string, wanted: (trial: Trial) => boolean): Promise<Trial>;
  /** A connection that says nothing of its own. */
  stranger(): WebSocket;
  /** The server's log so far. */
  log(): string;
  close(): Promise<void>;
}

/** @returns the folder of server.js */
export function buildServer(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-bundle-"));
  buildSync({
    entryPoints: [path.join(ROOT, "src/cluster/server/main.ts")],
    ...{ bundle: true, platform: "node", format: "cjs", outdir: folder, logLevel: "error" },
    entryNames: "server",
  });
  return folder;
}

/** @param home made when it is missing */
export async function startServer(
  bundle: string,
  home: string,
  env: Record<string, string> = {},
): Promise<ServerRig> {
  mkdirSync(path.join(home, "state"), { recursive: true });
  const sockets = mkdtempSync(path.join(tmpdir(), "trainyard-socket-"));
  const socket = path.join(sockets, "s", "pool.sock");
  const logFile = path.join(home, "state", "server.log");
  const log = openSync(logFile, "a");
  const args = ["--home", home, "--socket", socket, "--python", path.join(ROOT, "src/cluster/python")];
  const child = spawn(process.execPath, [path.join(bundle, "server.js"), ...args], {
    env: { ...process.env, TRAINYARD_LEASES: path.join(sockets, "leases"), ...env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const said = () => readFileSync(logFile, "utf8");
  while (!said().includes('"listening"')) {
    if (child.exitCode !== null) throw new Error(said());
    await sleep(10);
  }
  const pool = await connectTo(socket);
  const self: ServerRig = {
    home,
    process: child,
    pool,
    submit: (script, changes) => submitOver(pool, script, changes),
    async trial(trialId) {
      const { trials } = await pool.call("experiment/get", { experimentId: Number(trialId.split(".")[0]) });
      const trial = trials.find(({ id }) => id === trialId);
      if (trial === undefined) throw new Error(`no trial ${trialId}`);
      return trial;
    },
    async until(trialId, wanted) {
      for (;;) {
        const trial = await self.trial(trialId);
        if (wanted(trial)) return trial;
        await sleep(30);
      }
    },
    stranger: () => new WebSocket(`ws+unix:${socket}:/`, [SUBPROTOCOL]),
    log: said,
    async close() {
      pool.close();
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await gone;
      }
      await killRuns(home);
      rmSync(sockets, { recursive: true, force: true });
    },
  };
  return self;
}
