/** A throwaway sshd of Debian's on a loopback port, with keys of its own. */
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { aptInstall } from "../lib/apt.mts";
import { atExit } from "../lib/command.mts";

const SSHD = "/usr/sbin/sshd";

export interface Sshd {
  folder: string;
  port: number;
  /** A private key that is let in. */
  identity: string;
  /** known_hosts with its key. */
  knownHosts: string;
  /** The host's public key, as a line without the name. */
  hostKey: string;
  log: () => string;
  /** Ends the connections that there are; new ones are taken. */
  cut: () => void;
  stop: () => void;
}

export interface SshdOptions {
  /**
   * `own` gives what runs there a home folder of its own, as another machine would: no start-up file of whoever runs the
   * tests is read. `account` leaves each account its own.
   */
  readonly home?: "own" | "account";
  /** Shell lines in a mount namespace of its own, before it starts; `$FOLDER` is its folder. As root only. */
  readonly mount?: string | undefined;
  /** Of what runs there, as `NAME=VALUE`. */
  readonly environment?: readonly string[];
}

/** @param settings lines of sshd_config that come first, and so win */
export async function startSshd(
  settings: readonly string[] = [],
  { home = "own", mount, environment = [] }: SshdOptions = {},
): Promise<Sshd> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-sshd-"));
  fs.chmodSync(folder, 0o755);
  if (process.getuid?.() === 0) fs.mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const inFolder = (name: string): string => path.join(folder, name);
  makeKey(inFolder("host_ed25519"), "ed25519");
  makeKey(inFolder("id_ed25519"), "ed25519");
  fs.copyFileSync(inFolder("id_ed25519.pub"), inFolder("authorized_keys"));
  fs.chmodSync(inFolder("authorized_keys"), 0o644);
  const port = await freePort();
  const lines = [
    ...settings,
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${inFolder("host_ed25519")}`,
    `PidFile ${inFolder("sshd.pid")}`,
    `AuthorizedKeysFile ${inFolder("authorized_keys")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
    "UseDNS no",
    "LogLevel VERBOSE",
    // What runs there must not meet the leases and sockets of other tests.
    `SetEnv ${[
      `TRAINYARD_LEASES=${inFolder("leases")}`,
      `XDG_RUNTIME_DIR=${inFolder("runtime")}`,
      ...(home === "own" ? [`HOME=${inFolder("own-home")}`] : []),
      ...environment,
    ].join(" ")}`,
  ];
  fs.mkdirSync(inFolder("own-home"), { mode: 0o700 });
  fs.mkdirSync(inFolder("runtime"), { mode: 0o700 });
  fs.writeFileSync(inFolder("sshd_config"), `${lines.join("\n")}\n`);
  const command = [SSHD, "-D", "-f", inFolder("sshd_config"), "-E", inFolder("sshd.log")];
  const [program = SSHD, ...args] =
    mount === undefined
      ? command
      : ["unshare", "--mount", "sh", "-ec", `${mount}\nexec "$0" "$@"`, ...command];
  const daemon = spawn(program, args, { stdio: "ignore", env: { ...process.env, FOLDER: folder } });
  const stop = (): void => {
    forget();
    endTree(daemon.pid ?? 0);
    endAllOf(folder);
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const forget = atExit(stop);
  await untilListening(port, () => (daemon.exitCode === null ? null : readOr(inFolder("sshd.log"))));
  const hostKey = fs.readFileSync(inFolder("host_ed25519.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  fs.writeFileSync(inFolder("known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);
  return {
    folder,
    port,
    identity: inFolder("id_ed25519"),
    knownHosts: inFolder("known_hosts"),
    hostKey,
    cut: () => {
      for (const child of childrenOf(daemon.pid ?? 0)) endTree(child);
    },
    log: () => readOr(inFolder("sshd.log")),
    stop,
  };
}

/** Installs Debian's OpenSSH server where there is none. No service is started: each test has a daemon of its own. */
export async function ensureSshd(): Promise<void> {
  if (!fs.existsSync(SSHD)) await aptInstall("openssh-server", "openssh-client");
}

/** An agent that holds a key, at a socket of its own. */
export async function startAgent(folder: string, key: string): Promise<{ socket: string; stop: () => void }> {
  const socket = path.join(folder, "agent.sock");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  const stop = (): void => {
    forget();
    agent.kill();
  };
  const forget = atExit(stop);
  for (let attempt = 0; attempt < 200 && !fs.existsSync(socket); attempt += 1) await sleep(25);
  const added = spawnSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  if (added.status !== 0) throw new Error(`ssh-add: ${added.stderr.toString()}`);
  return { socket, stop };
}

export function makeKey(file: string, type: string, passphrase = ""): void {
  const made = spawnSync("ssh-keygen", [
    "-q",
    "-t",
    type,
    "-N",
    passphrase,
    "-C",
    path.basename(file),
    "-f",
    file,
  ]);
  if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr.toString()}`);
}

function readOr(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
}

/** The daemon and those that serve its connections. */
function endTree(pid: number): void {
  const children = childrenOf(pid);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has been stopped already.
  }
  for (const child of children) endTree(child);
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map(Number)
    .filter((child) => child > 0);
}

/** Pool servers that were started there are detached: they carry the folder in their environment. */
function endAllOf(folder: string): void {
  for (const pid of fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
    try {
      if (fs.readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${folder}/`))
        process.kill(Number(pid), "SIGKILL");
    } catch {
      // Gone meanwhile.
    }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function untilListening(port: number, ended: () => string | null): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const said = ended();
    if (said !== null) throw new Error(`sshd ended: ${said}`);
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isUp) return;
    await sleep(25);
  }
  throw new Error("sshd does not listen");
}
