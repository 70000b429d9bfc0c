/** From a session to a pool server that answers: looks at the host, sends what it lacks, starts it. */
import * as z from "zod";
import { PoolLockFile } from "../../protocol/poolLock.ts";
import { PersonNeededError, UserError } from "../userError.ts";
import { Destination } from "./destination.ts";
import { harmless } from "./harmless.ts";
import type { SshStep } from "./host.ts";
import type { HostBundle } from "./hostBundle.ts";
import { INSTALL_BUNDLE, LOOK, MARK, RECEIVE_RUNTIME } from "./hostScripts.ts";
import type { HostSession, Ran } from "./session.ts";

const LOOK_TIMEOUT_MS = 45_000;
const SEND_TIMEOUT_MS = 30 * 60_000;
/** Of a host's own message, the end of its server's log among it. */
const LONGEST_WORDS = 1000;
const CHUNK_BYTES = 256 * 1024;
/** Runtime, program and the first checkpoints' room. */
const LEAST_FREE_KIB = 300 * 1024;

export interface HostFacts {
  system: string;
  machine: string;
  libc: string;
}

/** A Node for a host, gzipped, named by its content. */
export interface RuntimeFile {
  name: string;
  bytes: Buffer;
}

export interface PrepareOptions {
  session: HostSession;
  /** For messages. */
  alias: string;
  bundle: HostBundle;
  /** A Node on the host; null to look for one. */
  runtimePath: string | null;
  /** The pool folder on the host; null for `~/.trainyard`. */
  home: string | null;
  /** What this side can send, or get, or null. */
  runtimeFor: (facts: HostFacts) => Promise<RuntimeFile | null>;
  onStep?: ((step: SshStep, detail: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const AbsolutePath = z
  .string()
  .max(4096)
  .regex(/^\/[^\p{Cc}]*$/u);
/** Where the server listens, its pool folder, and what joins a stream with the socket where forwarding is forbidden. */
const Ready = z.object({
  socket: AbsolutePath,
  home: AbsolutePath,
  node: AbsolutePath,
  program: AbsolutePath,
});
export type Ready = z.infer<typeof Ready>;
/** The server's lock, as the host program of another host has read it; its host's name is one that may be connected to. */
const PoolOwner = PoolLockFile.extend({ host: Destination.shape.host });
export type PoolOwner = z.infer<typeof PoolOwner>;
const Failed = z.object({ message: z.string().max(8000), remedy: z.string().max(8000).nullable() });

/**
 * @returns where the server is: there, or on another host that shares the home
 * @throws UserError that says what the host lacks, and its remedy
 */
export async function prepareHost(
  options: PrepareOptions,
): Promise<{ ready: Ready } | { elsewhere: PoolOwner }> {
  const { session, alias, bundle, onStep, signal } = options;
  // Installing at most twice: a Node first, then our program.
  for (let round = 0; round < 3; round += 1) {
    onStep?.("looking", alias);
    const input = lines(bundle.hash, options.runtimePath ?? "", options.home ?? "");
    const said = answer(alias, await session.run(LOOK, { input, timeoutMs: LOOK_TIMEOUT_MS, signal }));
    if (said.ready !== undefined) return { ready: parsed(Ready, said.ready, alias) };
    if (said.elsewhere !== undefined) return { elsewhere: parsed(PoolOwner, said.elsewhere, alias) };
    if (said.failed !== undefined) {
      const { message, remedy } = parsed(Failed, said.failed, alias);
      throw new UserError(
        `${alias}: ${harmless(message, LONGEST_WORDS)}`,
        remedy === null ? null : harmless(remedy, LONGEST_WORDS),
      );
    }
    requireUsable(alias, said);
    const home = said.home ?? "";
    if (!said.node) await sendRuntime(options, home, said);
    else {
      onStep?.("sending", "Trainyard's pool server");
      const input = Buffer.concat([lines(said.node, home, bundle.hash), bundle.payload()]);
      answer(alias, await session.run(INSTALL_BUNDLE, { input, timeoutMs: SEND_TIMEOUT_MS, signal }));
    }
    onStep?.("starting", alias);
  }
  throw new UserError(
    `${alias} does not keep what is sent to it.`,
    "Look at ~/.trainyard there; its disk may be full.",
  );
}

function requireUsable(alias: string, said: Readonly<Record<string, string>>): void {
  if (said.foreign === "yes")
    throw new PersonNeededError(
      `${harmless(said.home ?? "")} on ${alias} belongs to another account, or others may write there: what lies in it is not trusted.`,
      "Close it (chmod 700), or give the pool another folder there.",
    );
  if (said.system !== "Linux")
    throw new PersonNeededError(
      `${alias} runs ${harmless(said.system ?? "") || "an unknown system"}; a pool needs Linux.`,
      "Choose a Linux host.",
    );
  if (said.writable !== "yes")
    throw new PersonNeededError(
      `${said.home || "The home folder"} on ${alias} cannot be written.`,
      "Free its disk or quota, or give the pool another folder there.",
    );
  if (said.exec !== "yes")
    throw new PersonNeededError(
      `Programs in ${said.home} on ${alias} may not be run (noexec).`,
      "Give the pool a folder on another file system there.",
    );
  const free = Number(said.freeKiB);
  if (Number.isFinite(free) && said.freeKiB !== "" && free < LEAST_FREE_KIB)
    throw new PersonNeededError(
      `${said.home} on ${alias} has ${Math.round(free / 1024)} MB free; a pool needs at least ${LEAST_FREE_KIB / 1024} MB.`,
      "Free some space, or give the pool another folder there.",
    );
  if (!said.python)
    throw new PersonNeededError(`${alias} has no python3.`, "Install Python 3.8 or later there.");
  if (!said.git) throw new PersonNeededError(`${alias} has no git.`, "Install git there.");
}

async function sendRuntime(
  { session, alias, runtimePath, runtimeFor, onStep, signal }: PrepareOptions,
  home: string,
  said: Readonly<Record<string, string>>,
): Promise<void> {
  if (runtimePath !== null)
    throw new PersonNeededError(
      `${runtimePath} on ${alias} is not Node 22.13 or later.`,
      "Correct the pool's runtime path, or leave it empty to have one found or sent.",
    );
  const facts = { system: said.system ?? "", machine: said.machine ?? "", libc: said.libc ?? "" };
  const runtime = await runtimeFor(facts);
  if (runtime === null)
    throw new PersonNeededError(
      `${alias} has no Node 22.13 or later, and none is known that would run there (${kindOf(facts)}).`,
      "Install Node there and name it as the pool's runtime path, or give one to this side: trainyard pool runtime FILE",
    );
  const send = async (offset: number): Promise<Record<string, string>> => {
    const input = sending(runtime, home, offset, onStep);
    const sent = await session.run(RECEIVE_RUNTIME, { input, timeoutMs: SEND_TIMEOUT_MS, signal });
    return answer(alias, sent);
  };
  const ask = await session.run(RECEIVE_RUNTIME, { input: lines(home, runtime.name, "ask"), signal });
  const have = Number(answer(alias, ask).have);
  let received = await send(Number.isInteger(have) && have > 0 && have <= runtime.bytes.length ? have : 0);
  // What was kept of an earlier sending may have been damaged: then all of it, once more.
  if (received.damaged === "yes") received = await send(0);
  if (received.damaged === "yes")
    throw new UserError(
      `The Node that was sent to ${alias} arrived damaged.`,
      "Its disk or the link may be faulty: try again.",
    );
  if (received.unusable === "yes")
    throw new PersonNeededError(
      `The Node that was sent does not run on ${alias} (${kindOf(facts)}).`,
      "It needs glibc 2.28 or later. Install a Node that runs there and name it as the pool's runtime path.",
    );
}

function kindOf({ system, machine, libc }: HostFacts): string {
  return harmless(`${system} on ${machine}, ${libc || "its C library is unknown"}`, LONGEST_WORDS);
}

async function* sending(
  { name, bytes }: RuntimeFile,
  home: string,
  offset: number,
  onStep: PrepareOptions["onStep"],
): AsyncIterable<Buffer> {
  yield await Promise.resolve(lines(home, name, String(offset)));
  for (let at = offset; at < bytes.length; at += CHUNK_BYTES) {
    onStep?.("sending", `Node, ${Math.round((100 * at) / bytes.length)} %`);
    yield await Promise.resolve(bytes.subarray(at, at + CHUNK_BYTES));
  }
}

export const lines = (...values: string[]): Buffer =>
  Buffer.from(values.map((value) => `${value.replace(/[\r\n]/g, "")}\n`).join(""));

/** What came after the mark; what an rc file printed before it does not count. */
function fields(stdout: string): Record<string, string> {
  const at = stdout.lastIndexOf(`${MARK}\n`);
  if (at < 0) return {};
  const said: Record<string, string> = {};
  for (const line of stdout.slice(at + MARK.length + 1).split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) said[line.slice(0, equals)] = line.slice(equals + 1).trim();
  }
  return said;
}

/** @throws UserError when the script did not come to its end */
export function answer(alias: string, ran: Ran): Record<string, string> {
  const said = fields(ran.stdout);
  if (said.end === "yes") return said;
  const words = [ran.stderr, ran.stdout].map((text) => text.trim().slice(-300)).find((text) => text !== "");
  if (/no space left|quota|ENOSPC|EDQUOT/i.test(words ?? ""))
    throw new PersonNeededError(
      `The disk of ${alias} is full: ${harmless(words ?? "")}`,
      "Free some of its space or quota, or give the pool another folder there.",
    );
  throw new UserError(
    `${alias} does not run what is sent to it: ${harmless(words ?? "it said nothing")}`,
    "Its account may be restricted to one command, or its shell's start-up files may end the session.",
  );
}

function parsed<T>(schema: z.ZodType<T>, text: string, alias: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(`${alias} answered with something that is not of the protocol.`, null, {
      cause: error,
    });
  }
}
