/** The pool of an SSH host: a session to it, a server there that answers, and a connection over the two. */
import { connect, type PoolConnection } from "../connection.ts";
import type { PoolEntry } from "../pools/poolList.ts";
import { messageOf } from "../userError.ts";
import type { SecretMemory } from "./authenticator.ts";
import { hostBundle } from "./hostBundle.ts";
import { BulkStreams, type Route } from "./bulkStreams.ts";
import { createHostKeyJudge } from "./hostKeyJudge.ts";
import type { SshHost, SshQuestions, SshStep } from "./host.ts";
import { poolHost } from "./poolHost.ts";
import { prepareHost, type Ready } from "./prepareHost.ts";
import { parseDestination } from "./destination.ts";
import { resolveHost } from "./resolve.ts";
import { runtimeFor } from "./runtimes.ts";
import type { HostSession } from "./session.ts";
import { openSsh2Session } from "./ssh2Session.ts";
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
  /** Kept by the caller, so that coming back does not ask again. */
  memory: SecretMemory;
  onStep?: ((step: SshStep, detail: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** For connections beside the first one: a person has answered once, and is not asked again. */
const SILENT: SshQuestions = {
  isSilent: true,
  trustHostKey: () => Promise.resolve(false),
  secret: () => Promise.resolve(null),
};

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
  const { entry, onStep, signal } = options;
  const ready = await prepareHost({
    session,
    alias: entry.name,
    bundle: await hostBundle(options.dist),
    runtimePath: entry.runtimePath,
    home: entry.home,
    runtimeFor: (facts) => runtimeFor(options.stateFolder, facts),
    onStep,
    signal,
  });
  const streams = new BulkStreams(routeOver(session, ready), async () =>
    routeOver(await openHost({ ...options, questions: SILENT, onStep: undefined, signal: undefined }), ready),
  );
  const connection = await connect(
    () => streams.openForCalls(),
    options.client,
    (bytes) => streams.open(bytes),
    poolHost(session, entry.name),
  );
  // The channel may outlive its connection by the time that TCP takes to notice.
  session.onClosed((reason) => connection.close(reason));
  return connection;
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
  const resolve = (destination: string): Promise<SshHost> =>
    resolveHost(parseDestination(destination), {
      ...(entry.sshConfig === null ? {} : { configFile: entry.sshConfig }),
      ...(signal ? { signal } : {}),
    });
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
  const judge = createHostKeyJudge({
    stateFolder: options.stateFolder,
    questions: options.questions,
    pinned: entry.fingerprint === null ? null : { alias: host.alias, fingerprint: entry.fingerprint },
  });
  try {
    return await openSsh2Session(host, {
      questions: options.questions,
      memory: options.memory,
      verify: judge.verify,
      keyTypes: judge.keyTypes,
      resolve,
      onStep,
      signal,
    });
  } catch (error) {
    // Algorithms that ssh2 has not: OpenSSH may.
    if (/no matching/.test(messageOf((error as Error).cause))) return bySystem();
    throw error;
  }
}
