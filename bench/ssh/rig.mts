/** A host with a pool and a checkpoint, near (loopback) or far (a slow link between two network namespaces), and its clients. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { atExit, must } from "../../scripts/lib/command.mts";
import { dist, root } from "../../scripts/lib/paths.mts";
import { trainCheckpoint } from "../../scripts/ssh/checkpoint.mts";
import { ensureSshd, startSshd } from "../../scripts/ssh/sshd.mts";
import { connectSshPool, type SshPoolOptions } from "../../src/cluster/client/ssh/sshPool.ts";
import { startSlowLink } from "../net/slowLink.mts";
import type { Task, Told } from "./client.mts";

export const GIB = 2 ** 30;

export interface Rig {
  folder: string;
  uuid: string;
  /** The one file of the checkpoint, on the host. */
  source: string;
  pool: Task["pool"];
  /** @param task with an `entry` for another place than the rig's own */
  client: (task: Omit<Task, "pool"> & { entry?: SshPoolOptions["entry"] }) => Told;
  /** Runs a program of `bench/ssh` on the near side. @returns what it printed last, from JSON */
  near: (program: string, task: object) => unknown;
  /** Of the slow link; 0 without one. */
  linkPid: number;
  /** `scp` of the file, then `sha256sum` of the copy. @returns ms of both, and of the first */
  scp: () => { bothMs: number; scpMs: number };
  /** `ssh HOST true`. @returns ms */
  ssh: () => number;
  stop: () => void;
}

/** @param bytes of the checkpoint's one file; 0 for none */
export async function startRig(
  bytes: number,
  far: { oneWayMs: number; mbit: number } | null,
  environment: Readonly<Record<string, string>> = {},
): Promise<Rig> {
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], {
    cwd: root,
    timeoutMs: 120_000,
  });
  await ensureSshd();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-bench-"));
  const sshd = await startSshd(["Subsystem sftp internal-sftp"], { environment });
  const link = far && (await startSlowLink(folder, far));
  await link?.startFar("/usr/sbin/sshd", [
    ...["-D", "-f", path.join(sshd.folder, "sshd_config"), "-o", "PidFile=none"],
    ...["-o", `ListenAddress=${link.farAddress}:${sshd.port}`],
  ]);
  const config = path.join(folder, "ssh_config");
  const configFor = (hostName: string): void =>
    fs.writeFileSync(
      config,
      [
        "Host bench",
        `  HostName ${hostName}`,
        `  Port ${sshd.port}`,
        `  IdentityFile ${sshd.identity}`,
        "  IdentitiesOnly yes",
        "  StrictHostKeyChecking no",
        "  LogLevel ERROR",
        `  UserKnownHostsFile ${path.join(folder, "known_hosts")}`,
        "  GlobalKnownHostsFile /dev/null\n",
      ].join("\n"),
    );
  configFor("127.0.0.1");
  const entry: SshPoolOptions["entry"] = {
    ...{ kind: "ssh", name: "bench", destination: "bench", sshConfig: config, fingerprint: null },
    home: path.join(sshd.folder, "pool"),
    runtimePath: process.execPath,
  };
  const pool = { entry, stateFolder: path.join(folder, "state"), dist };
  const stop = (): void => {
    forget();
    link?.stop();
    sshd.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  const forget = atExit(stop);
  const connection = await connectSshPool({
    ...pool,
    client: { name: "bench", version: "0.0.0" },
    questions: { trustHostKey: () => Promise.resolve(true), secret: () => Promise.resolve(null) },
    memory: new Map(),
  });
  const project = path.join(folder, "project");
  const uuid =
    bytes > 0 ? await trainCheckpoint(connection, { ...pool, folder: project, sizes: [bytes] }) : "";
  connection.close();
  const source = path.join(entry.home ?? "", "checkpoints", uuid, "files/file0.bin");
  if (link) configFor(link.farAddress);

  const near = (command: string, words: readonly string[]): { ms: number; text: string } => {
    const [program = "", ...args] = [...(link?.prefix ?? []), command, ...words];
    const beganMs = performance.now();
    const ran = spawnSync(program, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, cwd: root });
    const ms = performance.now() - beganMs;
    if (ran.status !== 0 && ran.signal === null && ran.status !== 137)
      throw new Error(`${command} ended with ${ran.status}: ${ran.stderr.slice(-2000)}`);
    return { ms, text: ran.stdout };
  };
  const program = (name: string, task: object): unknown => {
    const script = path.join(root, "bench/ssh", name);
    const words = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", script, JSON.stringify(task)];
    return JSON.parse(near(process.execPath, words).text.trim().split("\n").at(-1) ?? "");
  };
  return {
    ...{ folder, uuid, source, pool, stop, near: program, linkPid: link?.pid ?? 0 },
    client: ({ entry: other = entry, ...task }) =>
      program("client.mts", { pool: { ...pool, entry: other }, ...task }) as Told,
    ssh: () => near("ssh", ["-F", config, "bench", "true"]).ms,
    scp: () => {
      const copy = path.join(folder, "copy.bin");
      fs.rmSync(copy, { force: true });
      const { ms: scpMs } = near("scp", ["-q", "-F", config, `bench:${source}`, copy]);
      const { ms, text } = near("sha256sum", [copy]);
      if (!text.startsWith(manifestHash(source))) throw new Error("scp brought other bytes");
      fs.rmSync(copy);
      return { bothMs: scpMs + ms, scpMs };
    },
  };
}

function manifestHash(source: string): string {
  const manifest = path.join(path.dirname(source), "../manifest.json");
  const { files } = JSON.parse(fs.readFileSync(manifest, "utf8")) as { files: { sha256: string }[] };
  return files[0]?.sha256 ?? "none";
}
