/**
 * On a home that several login nodes share, the pool's server is on one of them, and its socket there too. A client that came
 * to another one goes on from it, as through a jump host.
 */
import { isSame, PoolLockFile, STALE_ELSEWHERE_MS } from "../../protocol/poolLock.ts";
import { messageOf, PersonNeededError, UserError } from "../userError.ts";
import { harmless } from "./harmless.ts";
import type { SshHost } from "./host.ts";
import { OWNER } from "./hostScripts.ts";
import { answer, lines, type PoolOwner } from "./prepareHost.ts";
import { ChannelRefused, type HostSession } from "./session.ts";
import { openSsh2Session, type SshConnecting } from "./ssh2Session.ts";

export interface ReachOwner {
  /** The session to the host that the person named. */
  via: HostSession;
  /** What is known of it. */
  viaHost: SshHost;
  /** The pool's name, for messages. */
  alias: string;
  owner: PoolOwner;
  /** The pool folder, as it was configured. */
  home: string | null;
  connecting: SshConnecting;
}

/** A session to the owner, through a host that shares its home. @throws UserError, or the signal's reason */
export async function openOwner(reach: ReachOwner): Promise<HostSession> {
  const { alias, owner, connecting } = reach;
  try {
    const session = await openThrough(reach);
    try {
      await requireShared(session, reach);
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  } catch (error) {
    connecting.signal?.throwIfAborted();
    const remedy = error instanceof UserError ? error.remedy : null;
    const Kind = error instanceof PersonNeededError ? PersonNeededError : UserError;
    throw new Kind(
      `The pool ${alias} belongs to a server on ${owner.host}, which cannot be reached from there: ${messageOf(error)}`,
      `${remedy ?? ""} Or add ${owner.host} itself as the pool; if it is down, the pool is taken over ${STALE_ELSEWHERE_MS / 60_000} minutes after it was last seen.`.trim(),
      { cause: error },
    );
  }
}

async function openThrough({ via, viaHost, owner, connecting }: ReachOwner): Promise<HostSession> {
  const found = await connecting.resolve(owner.host);
  if (found.needsSystemSsh !== null)
    throw new UserError(`It needs ${found.needsSystemSsh}, which only the system's ssh has.`);
  // The same home is the same account, with the same keys.
  const host: SshHost = {
    ...found,
    user: viaHost.user,
    identityFiles: [...new Set([...viaHost.identityFiles, ...found.identityFiles])],
    identitiesOnly: viaHost.identitiesOnly || found.identitiesOnly,
    agentSocket: found.agentSocket ?? viaHost.agentSocket,
    proxyJump: [],
    proxyCommand: null,
  };
  return openSsh2Session(host, {
    ...connecting,
    dial: ({ hostName, port }) =>
      via.openPort(hostName, port).catch((error: unknown) => {
        throw error instanceof ChannelRefused
          ? new UserError(
              `${viaHost.alias} cannot reach ${hostName}:${port}: ${harmless(error.message)}.`,
              "Its SSH server may forbid forwarding (AllowTcpForwarding).",
            )
          : error;
      }),
  });
}

/** A host that lies could lead to any other where the person has an account; but it cannot know that one's lock. */
async function requireShared(session: HostSession, { owner, home, connecting }: ReachOwner): Promise<void> {
  const { signal } = connecting;
  const said = answer(owner.host, await session.run(OWNER, { input: lines(home ?? ""), signal }));
  const found = PoolLockFile.safeParse(parsedOr(said.lock ?? ""));
  if (!found.success || !isSame(found.data, owner))
    throw new UserError("it has another pool folder, or the server has just ended.", "Connect again.");
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
