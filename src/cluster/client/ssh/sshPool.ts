/** The pool of an SSH host: a session to it, a server there that answers, and a connection over the two. */
import { connect, type PoolConnection } from "../connection.ts";
import type { PoolEntry } from "../pools/poolList.ts";
import { messageOf, UserError } from "../userError.ts";
import type { SecretMemory } from "./authenticator.ts";
import { hostBundle } from "./hostBundle.ts";
import { BulkStreams, type Route } from "./bulkStreams.ts";
import { createHostKeyJudge } from "./hostKeyJudge.ts";
import type { SshHost, SshQuestions, SshStep } from "./host.ts";
import { poolHost } from "./poolHost.ts";
import { type PoolOwner, prepareHost, type Ready } from "./prepareHost.ts";
import { parseDestination } from "./destination.ts";
import { officialNode } from "./officialNode.ts";
import { openOwner } from "./ownerHost.ts";
import { resolveHost } from "./resolve.ts";
import { runtimeFor } from "./runtimes.ts";
import type { HostSession } from "./session.ts";
import { silentQuestions } from "./silentQuestions.ts";
import { openSsh2Session, type SshConnecting } from "./ssh2Session.ts";
import { streamsTo } from "./streams.ts";
import { openSystemSession } from "./systemSession.ts";

export interface SshPoolOptions {
  entry: Extract<PoolEntry, { kind: "ssh" }>;
  /** Where this side keeps what it trusts and what it can send (defaultStateFolder()). */
  stateFolder: string;
  /** The folder with server.js, host.js and python/. */
  dist: string;
  client: { name: string; version: string };
  questions: SshQuestions;
  /** Where a Node for hosts that have none is downloaded from, in place of nodejs.org. */
  nodeMirror?: string | null;
  /** Kept by the caller, so that coming back does not ask again. */
  memory: SecretMemory;
  onStep?: ((step: SshStep, detail: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** @throws UserError, or the signal's reason */
export async function connectSshPool(options: SshPoolOptions): Promise<PoolConnection> {
  const session = await openHost(options);
  try {
    const connection = await connectOver(session, options);
    connection.onClosed(() => session.close());
    return connection;
  } catch (error) {
    session.close();
    options.signal?.throwIfAborted();
    throw error;
  }
}

/** The pool of a host that there is a session to, which outlives the connection. @throws UserError */
export async function connectOver(session: HostSession, options: SshPoolOptions): Promise<PoolConnection> {
  const at = await findServer(session, options);
  // For connections beside the first one a person, who has answered once, is not asked again.
  const silent = { ...options, questions: silentQuestions, onStep: undefined, signal: undefined };
  const streams = new BulkStreams(routeOver(at.session, at.ready), async () => {
    const another = await openHost(silent);
    if (at.owner === null) return routeOver(another, at.ready);
    const beyond = await reachOwner(another, at.owner, silent).catch((error: unknown) => {
      another.close();
      throw error;
    });
    beyond.onClosed(() => another.close());
    return routeOver(beyond, at.ready);
  });
  try {
    const connection = await connect(
      () => streams.openForCalls(),
      options.client,
      (bytes) => streams.open(bytes),
      poolHost(at.session, options.entry.name),
    );
    // The channel may outlive its connection by the time that TCP takes to notice.
    at.session.onClosed((reason) => connection.close(reason));
    if (at.owner !== null) connection.onClosed(() => at.session.close());
    return connection;
  } catch (error) {
    if (at.owner !== null) at.session.close();
    throw error;
  }
}

interface Serving {
  /** To the host that the server is on. */
  session: HostSession;
  ready: Ready;
  /** Where that is another one than the person named; null where it is not. */
  owner: PoolOwner | null;
}

/** Starts the server where none is. On a home that several hosts share it may be on another one: then that is gone on to. */
async function findServer(session: HostSession, options: SshPoolOptions): Promise<Serving> {
  const found = await prepare(session, options, options.entry.name);
  if ("ready" in found) return { session, ready: found.ready, owner: null };
  const owner = found.elsewhere;
  const beyond = await reachOwner(session, owner, options);
  try {
    const there = await prepare(beyond, options, owner.host);
    if ("ready" in there) return { session: beyond, ready: there.ready, owner };
    throw new UserError(
      `The pool ${options.entry.name} went from ${owner.host} to ${there.elsewhere.host} just now.`,
      "Connect again.",
    );
  } catch (error) {
    beyond.close();
    throw error;
  }
}

async function prepare(
  session: HostSession,
  options: SshPoolOptions,
  alias: string,
): ReturnType<typeof prepareHost> {
  const { entry, onStep, signal } = options;
  return prepareHost({
    session,
    alias,
    bundle: await hostBundle(options.dist),
    runtimePath: entry.runtimePath,
    home: entry.home,
    runtimeFor: async (facts) =>
      (await runtimeFor(options.stateFolder, facts)) ??
      officialNode(facts, { ...options, alias, mirror: options.nodeMirror ?? null }),
    onStep,
    signal,
  });
}

async function reachOwner(via: HostSession, owner: PoolOwner, options: SshPoolOptions): Promise<HostSession> {
  const { entry } = options;
  const viaHost = await resolver(options)(entry.destination);
  return openOwner({
    via,
    viaHost,
    alias: entry.name,
    owner,
    home: entry.home,
    connecting: connecting(viaHost, options),
  });
}

function routeOver(session: HostSession, ready: Ready): Route {
  return {
    open: streamsTo(session, ready),
    onClosed: (listener) => session.onClosed(listener),
    close: () => session.close(),
  };
}

/** A session to the host of a pool, its key judged, the person let in. @throws UserError */
export async function openHost(options: SshPoolOptions): Promise<HostSession> {
  const { entry, onStep, signal } = options;
  onStep?.("resolving", entry.destination);
  const resolve = resolver(options);
  const host = await resolve(entry.destination);
  const bySystem = (): Promise<HostSession> =>
    openSystemSession(parseDestination(entry.destination), host, {
      questions: options.questions,
      memory: options.memory,
      stateFolder: options.stateFolder,
      fingerprint: entry.fingerprint,
      configFile: entry.sshConfig,
      resolve,
      onStep,
      signal,
    });
  if (host.needsSystemSsh !== null) return bySystem();
  try {
    return await openSsh2Session(host, connecting(host, options));
  } catch (error) {
    // Algorithms that ssh2 has not: OpenSSH may.
    if (/no matching/.test(messageOf((error as Error).cause))) return bySystem();
    throw error;
  }
}

function resolver({ entry, signal }: SshPoolOptions): (destination: string) => Promise<SshHost> {
  return (destination) =>
    resolveHost(parseDestination(destination), {
      ...(entry.sshConfig === null ? {} : { configFile: entry.sshConfig }),
      ...(signal ? { signal } : {}),
    });
}

/** @param pinned whose key the pool was added with */
function connecting(pinned: SshHost, options: SshPoolOptions): SshConnecting {
  const { entry, stateFolder, questions, memory, onStep, signal } = options;
  const judge = createHostKeyJudge({
    stateFolder,
    questions,
    pinned: entry.fingerprint === null ? null : { alias: pinned.alias, fingerprint: entry.fingerprint },
  });
  return {
    questions,
    memory,
    verify: judge.verify,
    keyTypes: judge.keyTypes,
    resolve: resolver(options),
    onStep,
    signal,
  };
}
