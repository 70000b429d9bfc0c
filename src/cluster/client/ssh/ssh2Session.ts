/** A session by the library ssh2, through any number of jump hosts. Every hop's key is judged before it gets a secret. */
import { Duplex } from "node:stream";
import type { Client, ClientChannel, ExecOptions, ServerHostKeyAlgorithm } from "ssh2";
import { messageOf, PersonNeededError, UserError } from "../userError.ts";
import { Authenticator, type SecretMemory } from "./authenticator.ts";
import { feed } from "./feed.ts";
import { dial, dialByCommand, dialThrough } from "./hop.ts";
import { harmless } from "./harmless.ts";
import type { SshHost, SshQuestions, SshStep } from "./host.ts";
import { loadSsh2 } from "./library.ts";
import { Patience } from "./patience.ts";
import { SessionLife } from "./sessionLife.ts";
import {
  ChannelRefused,
  type HostSession,
  MAX_OUTPUT_BYTES,
  type Ran,
  type RunOptions,
  TERMINAL_TYPE,
  type TerminalChannel,
  type TerminalSize,
} from "./session.ts";

/** A link that swallows packets is noticed when three of these had no answer, at the fourth: 12 to 16 seconds. */
const KEEPALIVE_MS = 4_000;
const KEEPALIVES = 3;
const CHANNEL_TIMEOUT_MS = 20_000;
const RUN_TIMEOUT_MS = 60_000;
const SESSION_TRIES = 10;
const SESSION_RETRY_MS = 50;
const MOST_HOPS = 8;
/** A server that cuts after so many wrong keys is met again with the next ones, this often. */
const MOST_CUTS = 5;

export interface SshConnecting {
  questions: SshQuestions;
  memory: SecretMemory;
  /** Judges the key that a host showed, and asks when nobody knows it. @throws UserError to refuse */
  verify: (host: SshHost, key: Buffer) => Promise<void>;
  /** Host key algorithms to ask for first: those of keys that are known. */
  keyTypes: (host: SshHost) => Promise<string[]>;
  resolve: (destination: string) => Promise<SshHost>;
  /** Instead of by its address: for the first hop. */
  dial?: (host: SshHost) => Promise<Duplex>;
  onStep?: ((step: SshStep, detail: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** @throws UserError, or the signal's reason */
export async function openSsh2Session(host: SshHost, connecting: SshConnecting): Promise<HostSession> {
  const hops = await hopsOf(host, connecting);
  const clients: Client[] = [];
  const endAll = (): void => {
    for (const client of [...clients].reverse()) client.end();
  };
  try {
    for (const hop of hops) {
      const before = clients.at(-1);
      const dialIt = (): Promise<Duplex> => {
        connecting.onStep?.("connecting", hop.alias);
        if (before !== undefined) return dialThrough(before, hop);
        if (connecting.dial !== undefined) return connecting.dial(hop);
        if (hop.proxyCommand !== null) return Promise.resolve(dialByCommand(hop.proxyCommand));
        return dial(hop, connecting.signal);
      };
      const client = await connectClient(hop, dialIt, connecting);
      // What ends a hop ends the stream that goes through it, which is told there.
      client.on("error", () => undefined);
      clients.push(client);
    }
  } catch (error) {
    endAll();
    connecting.signal?.throwIfAborted();
    throw error;
  }
  const last = clients.at(-1);
  if (last === undefined) throw new UserError(`${host.alias} has no address.`);
  return new Ssh2Session(last, endAll);
}

/** The hops before a host, each resolved by itself, which may name hops of its own. */
export async function hopsOf(
  host: SshHost,
  connecting: Pick<SshConnecting, "resolve">,
  seen: readonly string[] = [],
): Promise<SshHost[]> {
  if (seen.includes(host.alias) || seen.length >= MOST_HOPS)
    throw new UserError(
      `The jump hosts before ${seen[0] ?? host.alias} lead in a circle: ${[...seen, host.alias].join(", ")}.`,
      "Correct ProxyJump in the SSH configuration.",
    );
  const hops: SshHost[] = [];
  for (const [index, destination] of host.proxyJump.entries()) {
    const hop = await connecting.resolve(destination);
    // Only the first hop of a list is reached by a way of its own.
    if (index === 0) hops.push(...(await hopsOf(hop, connecting, [...seen, host.alias])));
    else hops.push({ ...hop, proxyJump: [], proxyCommand: null });
  }
  return [...hops, host];
}

async function connectClient(
  host: SshHost,
  dialIt: () => Promise<Duplex>,
  connecting: SshConnecting,
): Promise<Client> {
  const patience = new Patience(host.connectTimeoutMs);
  const questions: SshQuestions = {
    isSilent: connecting.questions.isSilent === true,
    trustHostKey: (key) => patience.during(connecting.questions.trustHostKey(key)),
    secret: (question) => patience.during(connecting.questions.secret(question)),
  };
  const authenticator = new Authenticator(host, questions, connecting.memory);
  const keyTypes = await connecting.keyTypes(host);
  const ssh2 = await loadSsh2();
  for (let cuts = 0; ; cuts += 1) {
    const stream = await dialIt();
    try {
      return await attempt(new ssh2.Client(), host, stream, authenticator, keyTypes, patience, connecting);
    } catch (error) {
      stream.destroy();
      connecting.signal?.throwIfAborted();
      const wasCut = /too many authentication failures/i.test(messageOf(error));
      if (!wasCut || !authenticator.hasMoreKeys || cuts >= MOST_CUTS)
        throw explain(host, error, authenticator);
      authenticator.restart();
    }
  }
}

function attempt(
  client: Client,
  host: SshHost,
  stream: Duplex,
  authenticator: Authenticator,
  keyTypes: readonly string[],
  patience: Patience,
  { verify, onStep, signal }: SshConnecting,
): Promise<Client> {
  return new Promise<Client>((resolve, reject) => {
    const fail = (error: unknown): void => {
      patience.end();
      signal?.removeEventListener("abort", onAbort);
      client.on("error", () => undefined); // what still comes is of no interest
      client.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const onAbort = (): void => fail(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    patience.begin(() =>
      fail(new UserError(`${host.alias} does not answer.`, "Check that an SSH server listens there.")),
    );
    client.on("error", (error: Error & { level?: string }) => {
      // An agent that fails is one way less; the next one is tried.
      if (error.level !== "agent") fail(error);
    });
    client.once("close", () => fail(new UserError(`${host.alias} closed the connection.`)));
    client.once("ready", () => {
      patience.end();
      signal?.removeEventListener("abort", onAbort);
      client.removeAllListeners("close");
      client.removeAllListeners("error");
      // Without it a small call waits for the delayed acknowledgement of the one before: 49 ms instead of 4.
      client.setNoDelay(true);
      authenticator.accepted();
      resolve(client);
    });
    client.connect({
      sock: stream,
      username: host.user,
      readyTimeout: 0, // a person may take longer; Patience counts only the host's own time
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES,
      agentForward: false,
      algorithms: {
        // In this order: ssh2 passes over what it is to prepend when that is in its list already.
        serverHostKey: {
          remove: keyTypes as ServerHostKeyAlgorithm[],
          prepend: keyTypes as ServerHostKeyAlgorithm[],
          append: [],
        },
      },
      hostVerifier: (key: Buffer, answer: (valid: boolean) => void) => {
        onStep?.("hostKey", host.alias);
        patience.during(verify(host, key)).then(
          () => {
            authenticator.knows(key);
            onStep?.("authenticating", `${host.user}@${host.alias}`);
            answer(true);
          },
          (error: unknown) => {
            fail(error);
            answer(false);
          },
        );
      },
      authHandler: (methods, _partial, next) => {
        authenticator.next(methods as string[] | null).then(next as (method: unknown) => void, fail);
        return undefined; // answered later
      },
    });
  });
}

function explain(host: SshHost, error: unknown, { tried, wasCancelled }: Authenticator): Error {
  if (error instanceof UserError) return error;
  const message = harmless(messageOf(error)); // a server's own words may be among it
  const who = `${host.user}@${host.alias}`;
  if (wasCancelled)
    return new PersonNeededError(
      `${who} asks for a password, a passphrase or a code.`,
      "Connect, and answer.",
    );
  if (/authentication methods failed|too many authentication failures/i.test(message))
    return new PersonNeededError(
      `${who} did not let us in. Tried: ${tried.length > 0 ? tried.join(", ") : "no key was found, and no password was taken"}.`,
      "Check the user's name and that your public key is on the host; IdentityFile in the SSH configuration names the key.",
      { cause: error },
    );
  if (
    /before handshake|Handshake failed|header|protocol|Unable to start|no matching|greeting|packet length/i.test(
      message,
    )
  )
    return new UserError(
      `What answers at ${host.hostName}:${host.port} is not an SSH server that we can talk to: ${message}.`,
      "Check host and port; `ssh` on the command line may say more.",
      { cause: error },
    );
  return new UserError(`${who} cannot be reached: ${message}.`, "Check the network.", { cause: error });
}

class Ssh2Session implements HostSession {
  readonly #client: Client;
  readonly #life = new SessionLife();

  constructor(client: Client, end: () => void) {
    this.#client = client;
    this.#life.onClosed(() => {
      end();
      // Over a dead link nobody answers the goodbye.
      setTimeout(() => client.destroy(), 1000).unref();
    });
    client.on("error", (error) => this.#life.end(messageOf(error)));
    // A channel through another host stays half open when the host at its end has gone, without keepalive nor `close`.
    client.once("end", () => this.#life.end("the SSH connection ended"));
    client.once("close", () => this.#life.end("the SSH connection ended"));
  }

  run(command: string, { input, timeoutMs = RUN_TIMEOUT_MS, signal }: RunOptions = {}): Promise<Ran> {
    return this.#life.bounded<Ran>("a command", timeoutMs, signal, (resolve, reject) => {
      this.#exec(command, reject, (channel) => {
        collect(channel, resolve, reject);
        void feed(channel, input).catch(reject);
      });
    });
  }

  openStream(socketPath: string): Promise<Duplex> {
    return this.#life.bounded<Duplex>("a stream", CHANNEL_TIMEOUT_MS, undefined, (resolve, reject) => {
      this.#client.openssh_forwardOutStreamLocal(socketPath, (error, channel) => {
        if (error) reject(refusalOf(error));
        else resolve(endingAtOnce(channel));
      });
    });
  }

  openPort(host: string, port: number): Promise<Duplex> {
    return this.#life.bounded<Duplex>("a stream", CHANNEL_TIMEOUT_MS, undefined, (resolve, reject) => {
      this.#client.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
        if (error) reject(refusalOf(error));
        else resolve(endingAtOnce(channel));
      });
    });
  }

  openCommand(command: string): Promise<Duplex> {
    return this.#life.bounded<Duplex>("a command", CHANNEL_TIMEOUT_MS, undefined, (resolve, reject) => {
      this.#exec(command, reject, (channel) => {
        channel.stderr.resume();
        resolve(endingAtOnce(channel));
      });
    });
  }

  openTerminal(command: string, { columns, rows }: TerminalSize): Promise<TerminalChannel> {
    return this.#life.bounded<TerminalChannel>(
      "a terminal",
      CHANNEL_TIMEOUT_MS,
      undefined,
      (resolve, reject) => {
        const pty = { term: TERMINAL_TYPE, cols: columns, rows };
        this.#exec(command, reject, (channel) => {
        let code: number | null = null;
        channel.once("exit", (exit: number | null) => (code = typeof exit === "number" ? exit : null));
        const ended = new Promise<number | null>((done) => channel.once("close", () => done(code)));
        const resize = (size: TerminalSize): void => channel.setWindow(size.rows, size.columns, 0, 0);
        resolve({ stream: endingAtOnce(channel), resize, ended });
      }, { pty }); // prettier-ignore
      },
    );
  }

  onClosed(listener: (reason: string) => void): void {
    this.#life.onClosed(listener);
  }

  close(): void {
    this.#life.end("closed");
  }

  /** With `MaxSessions 1` the session before may not have been cleared away yet. */
  #exec(
    command: string,
    reject: (error: Error) => void,
    use: (channel: ClientChannel) => void,
    options: ExecOptions = {},
  ): void {
    let left = SESSION_TRIES;
    const attempt = (): void => {
      if (this.#life.isOver) return; // who waits has been told
      this.#client.exec(command, options, (error, channel) => {
        if (!error) return use(channel);
        const refusal = refusalOf(error);
        if (refusal instanceof ChannelRefused && --left > 0) setTimeout(attempt, SESSION_RETRY_MS);
        else reject(refusal);
      });
    };
    attempt();
  }
}

/** The server's own no to a channel, told apart from a connection that failed. */
function refusalOf(error: Error): Error {
  const isRefused = typeof (error as { reason?: unknown }).reason === "number";
  return isRefused ? new ChannelRefused(error.message, { cause: error }) : error;
}

/**
 * ssh2's own destroy() says goodbye and waits for the other side's, and for somebody to read what had still come: a
 * transfer that is given up would never end.
 */
function endingAtOnce(channel: ClientChannel): Duplex {
  channel.destroy = (error?: Error) => {
    if (channel.destroyed) return channel;
    channel.end();
    channel.close();
    Duplex.prototype.destroy.call(channel, error);
    process.nextTick(() => {
      channel.emit("close");
      channel.removeAllListeners("close"); // ssh2 tells it again when the other side has said goodbye
    });
    return channel;
  };
  return channel;
}

function collect(channel: ClientChannel, resolve: (ran: Ran) => void, reject: (error: Error) => void): void {
  const parts = { stdout: "", stderr: "" };
  let code: number | null = null;
  channel.setEncoding("utf8");
  channel.stderr.setEncoding("utf8");
  channel.on("data", (text: string) => (parts.stdout = (parts.stdout + text).slice(0, MAX_OUTPUT_BYTES)));
  channel.stderr.on(
    "data",
    (text: string) => (parts.stderr = (parts.stderr + text).slice(0, MAX_OUTPUT_BYTES)),
  );
  channel.once("exit", (exit: number | null) => (code = typeof exit === "number" ? exit : null));
  channel.once("error", reject);
  channel.once("close", () => resolve({ code, ...parts }));
}
