/**
 * A session by the system's `ssh`, for what `ssh2` cannot do: certificates, hardware keys, Kerberos, a ControlMaster that
 * lives. One connection carries every command; what it asks is asked through SSH_ASKPASS.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { PersonNeededError, UserError } from "../userError.ts";
import { type Askpass, openAskpass } from "./askpass.ts";
import type { SecretMemory } from "./authenticator.ts";
import { childStream } from "./childStream.ts";
import type { Destination } from "./destination.ts";
import { expandPath } from "./expand.ts";
import { feed } from "./feed.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { SshHost, SshQuestions, SshStep } from "./host.ts";
import { Patience } from "./patience.ts";
import {
  ChannelRefused,
  type HostSession,
  MAX_OUTPUT_BYTES,
  type Ran,
  type RunOptions,
  TERMINAL_TYPE,
  type TerminalChannel,
} from "./session.ts";
import { SessionLife } from "./sessionLife.ts";
import { hopsOf } from "./ssh2Session.ts";
import {
  commonArguments,
  configurationFor,
  hostKeySettings,
  pinnedKeySettings,
  SILENT_LOGIN,
} from "./sshArguments.ts";
import { isMasterAlive, type Master, type MasterStart, startMaster, watchMaster } from "./sshMaster.ts";
import { askSsh, type Settings } from "./sshProgram.ts";
import { explainSsh } from "./sshWords.ts";
import { SystemQuestions } from "./systemQuestions.ts";
import { openTrustStore, type TrustStore } from "./trustStore.ts";

const RUN_TIMEOUT_MS = 60_000;
/** What `ssh` ends with when it is itself that failed. */
const OF_SSH = 255;

export interface SystemConnecting {
  questions: SshQuestions;
  memory: SecretMemory;
  /** Where this side keeps what it trusts. */
  stateFolder: string;
  /** The one fingerprint that the host may have. */
  fingerprint: string | null;
  /** Instead of `~/.ssh/config` and the system's. */
  configFile: string | null;
  resolve: (destination: string) => Promise<SshHost>;
  onStep?: ((step: SshStep, detail: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

interface Opening {
  destination: Destination;
  /** What is known of it. */
  host: SshHost;
  settings: Settings;
  connecting: SystemConnecting;
}

/** @throws UserError, or the signal's reason */
export async function openSystemSession(
  destination: Destination,
  host: SshHost,
  connecting: SystemConnecting,
): Promise<HostSession> {
  const { configFile, fingerprint, signal } = connecting;
  if (process.platform === "win32") throw impossible(host, "cannot be used on Windows");
  const settings = await askSsh(destination, {
    ...(configFile === null ? {} : { configFile }),
    ...(signal ? { signal } : {}),
  });
  if (settings === null) throw impossible(host, "is not on this machine");
  const hosts = await hopsOf(host, connecting);
  const patience = new Patience(host.connectTimeoutMs);
  const questions = new SystemQuestions({
    questions: connecting.questions,
    memory: connecting.memory,
    hosts,
    pinned: fingerprint === null ? null : { name: host.knownHosts.name, fingerprint },
    patience,
    onNotice: (words) => connecting.onStep?.("authenticating", words),
  });
  const askpass = await openAskpass((text, hint, gone) => questions.answer(text, hint, gone));
  try {
    const opening = { destination, host, settings, connecting };
    const keys = await writeKnownKeys(askpass.folder, hosts, openTrustStore(connecting.stateFolder));
    const args = await argumentsFor(opening, askpass.folder, hosts, keys.file);
    connecting.onStep?.("connecting", host.alias);
    const living = await livingMaster(opening, args);
    if (living !== null) {
      questions.connected();
      return new SystemSession(living, askpass, ["-o", "ControlMaster no", ...args]);
    }
    const controlPath = path.join(askpass.folder, "m");
    const master = startMaster({
      folder: askpass.folder,
      controlPath,
      environment: askpass.environment,
      args: ["-M", "-N", "-T", "-S", controlPath, "-o", "ControlPersist no", ...args],
    });
    try {
      await untilReady(master, host, questions, patience, signal);
      if (fingerprint !== null && !questions.accepted.has(fingerprint))
        throw new PersonNeededError(`The key of ${host.knownHosts.name} could not be compared.`);
      await keys.keep(questions.accepted);
    } catch (error) {
      master.end();
      throw error;
    }
    questions.connected();
    return new SystemSession(master, askpass, ["-S", controlPath, "-o", "ControlMaster no", ...args]);
  } catch (error) {
    askpass.close();
    signal?.throwIfAborted();
    throw error;
  }
}

function impossible({ alias, needsSystemSsh }: SshHost, why: string): PersonNeededError {
  return new PersonNeededError(
    `${alias} needs ${needsSystemSsh ?? "what only OpenSSH has"}: the system's ssh would do it, which ${why}.`,
    "Install the OpenSSH client on Linux or macOS, or choose a host that takes a plain key or a password.",
  );
}

/** What the person said yes to before, as OpenSSH reads it; and what it adds, kept. */
async function writeKnownKeys(
  folder: string,
  hosts: readonly SshHost[],
  trust: TrustStore,
): Promise<{ file: string; keep: (accepted: ReadonlySet<string>) => Promise<void> }> {
  const file = path.join(folder, "known_hosts");
  const keys = await trust.keys();
  const lines = hosts.flatMap(({ knownHosts: { name } }) =>
    keys
      .filter((key) => key.matches(name))
      .map(({ type, blob }) => `${name} ${type} ${blob.toString("base64")}\n`),
  );
  await writeFile(file, lines.join(""), { mode: 0o600 });
  return {
    file,
    keep: async (accepted) => {
      for (const line of (await readFile(file, "utf8")).split("\n")) {
        const [name = "", , base64 = ""] = line.split(" ");
        const blob = Buffer.from(base64, "base64");
        if (accepted.has(fingerprintOf(blob))) await trust.trust(name.toLowerCase(), blob);
      }
    },
  };
}

async function argumentsFor(
  { destination, host, settings, connecting: { configFile, fingerprint, questions } }: Opening,
  folder: string,
  hosts: readonly SshHost[],
  knownKeys: string,
): Promise<string[]> {
  const silent = questions.isSilent === true ? SILENT_LOGIN : [];
  const hops = hosts.filter((hop) => hop !== host);
  const ofHops = path.join(folder, "config");
  if (hops.length > 0) {
    const theirs =
      configFile === null
        ? [path.join(os.userInfo().homedir, ".ssh", "config"), "/etc/ssh/ssh_config"]
        : [path.resolve(configFile)];
    await writeFile(ofHops, configurationFor(hops, knownKeys, theirs, silent), { mode: 0o600 });
  }
  return commonArguments(destination, {
    configFile: hops.length > 0 ? ofHops : configFile,
    settings,
    ofLogin: [
      ...silent,
      ...(fingerprint === null
        ? hostKeySettings(host, knownKeys)
        : pinnedKeySettings(path.join(folder, "pinned"), settings)),
    ],
  });
}

/** The person's own connection, if there is one: she has been let in already. A pin could not be compared there. */
async function livingMaster(
  { settings, connecting }: Opening,
  args: readonly string[],
): Promise<Master | null> {
  const setting = settings.get("controlpath")?.[0] ?? "none";
  if (setting === "none" || connecting.fingerprint !== null) return null;
  return (await isMasterAlive(args))
    ? watchMaster(path.resolve(expandPath(setting, os.userInfo().homedir)))
    : null;
}

async function untilReady(
  master: MasterStart,
  host: SshHost,
  questions: SystemQuestions,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<void> {
  let onAbort = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      onAbort = () => reject(signal?.reason as Error);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      questions.onRefused = reject;
      patience.begin(() =>
        reject(new UserError(`${host.alias} does not answer.`, "Check that an SSH server listens there.")),
      );
      void master.ready.then(resolve);
      void master.ended.then((said) => reject(questions.refusal ?? explainSsh(host, said)));
    });
  } finally {
    patience.end();
    signal?.removeEventListener("abort", onAbort);
  }
}

class SystemSession implements HostSession {
  readonly #life = new SessionLife();
  readonly #askpass: Askpass;
  readonly #args: readonly string[];
  readonly #commands = new Set<ChildProcessWithoutNullStreams>();

  /** @param args of `ssh`, with the host: a command follows */
  constructor(master: Master, askpass: Askpass, args: readonly string[]) {
    this.#askpass = askpass;
    this.#args = args;
    this.#life.onClosed(() => {
      for (const command of this.#commands) command.kill();
      master.end();
      askpass.close();
    });
    void master.ended.then((said) => this.#life.end(said.trim() || "the SSH connection ended"));
  }

  run(command: string, { input, timeoutMs = RUN_TIMEOUT_MS, signal }: RunOptions = {}): Promise<Ran> {
    return this.#life.bounded<Ran>("a command", timeoutMs, signal, (resolve, reject) => {
      const child = this.#start(["-T"], [command]);
      const parts = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const)
        child[name]
          .setEncoding("utf8")
          .on("data", (text: string) => (parts[name] = (parts[name] + text).slice(0, MAX_OUTPUT_BYTES)));
      child.once("error", reject);
      child.once("close", (code) => {
        // A command may end with it too; only where there is no connection any more was it not the command.
        if (code === OF_SSH) void this.#check().then(() => resolve({ code, ...parts }));
        else resolve({ code, ...parts });
      });
      void feed(child.stdin, input).catch(reject);
      return () => child.kill();
    });
  }

  /**
   * OpenSSH cannot join our own stream with a socket over there (`-W` takes ports alone before version 9.4), and through
   * a socket forwarded to this side a refusal looks like a server that hangs up. The host program joins them.
   */
  openStream(): Promise<Duplex> {
    return Promise.reject(new ChannelRefused("The system's ssh runs commands alone."));
  }

  openCommand(command: string): Promise<Duplex> {
    return this.#open("a command", ["-T"], [command], "The command over there ended");
  }

  /** Whether the host takes it is told by the stream alone: OpenSSH says nothing while all is well. */
  openPort(host: string, port: number): Promise<Duplex> {
    return this.#open(
      "a port",
      ["-W", host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`],
      [],
      "What listens on that port could not be reached",
    );
  }

  openTerminal(command: string): Promise<TerminalChannel> {
    return this.#life.bounded<TerminalChannel>("a terminal", RUN_TIMEOUT_MS, undefined, (resolve, reject) => {
      const child = this.#start(["-tt"], [command]);
      child.once("error", reject);
      const ended = new Promise<number | null>((done) => {
        child.once("close", (code) => {
          if (code !== OF_SSH) return done(code);
          // Its shell may end with it, too.
          void this.#check().then(() => done(this.#life.isOver ? null : code));
        });
      });
      child.once("spawn", () => resolve({ stream: childStream(child, () => null), resize: null, ended }));
    });
  }

  onClosed(listener: (reason: string) => void): void {
    this.#life.onClosed(listener);
  }

  close(): void {
    this.#life.end("closed");
  }

  #open(
    what: string,
    options: readonly string[],
    command: readonly string[],
    failure: string,
  ): Promise<Duplex> {
    return this.#life.bounded<Duplex>(what, RUN_TIMEOUT_MS, undefined, (resolve, reject) => {
      const child = this.#start(options, command);
      child.once("error", reject);
      child.once("spawn", () => {
        const stream = childStream(child, (code, words) =>
          // Null where we ended it, with the session.
          code === OF_SSH || code === null
            ? new UserError(`${failure}: ${words || "without a word"}.`)
            : null,
        );
        stream.on("error", () => undefined); // for those to whom its end is enough
        resolve(stream);
      });
    });
  }

  #start(options: readonly string[], command: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn("ssh", [...options, ...this.#args, ...command], {
      stdio: "pipe",
      env: { ...this.#askpass.environment, TERM: TERMINAL_TYPE },
      detached: true,
    });
    this.#commands.add(child);
    child.once("close", () => this.#commands.delete(child));
    return child;
  }

  async #check(): Promise<void> {
    if (!(await isMasterAlive(this.#args))) this.#life.end("the SSH connection ended");
  }
}
