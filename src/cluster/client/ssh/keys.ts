/** The keys to try, in OpenSSH's order (sshconnect2.c, pubkey_prepare): a few, so that a server does not lose patience. */
import { readFile } from "node:fs/promises";
import type { BaseAgent, IdentityCallback, ParsedKey } from "ssh2";
import type { SshHost } from "./host.ts";
import { loadSsh2 } from "./library.ts";

export type Key =
  /** The agent signs; it is asked for this key alone. */
  | { kind: "agent"; name: string; blob: string; agent: BaseAgent }
  | { kind: "file"; name: string; file: string; blob: string | null };

const AGENT_TIMEOUT_MS = 5_000;

/**
 * First those of the configuration that the agent holds, then the agent's others (unless only those of the configuration
 * are wanted), then files.
 */
export async function keysOf(
  host: Pick<SshHost, "identityFiles" | "identitiesOnly" | "agentSocket">,
): Promise<Key[]> {
  const files = await Promise.all(
    host.identityFiles.map(async (file) => ({ file, blob: await publicBlob(file) })),
  );
  const held = host.agentSocket === null ? [] : await heldBy(host.agentSocket);
  const wanted = new Set(files.flatMap(({ blob }) => (blob === null ? [] : [blob])));
  const first = held.filter(({ blob }) => wanted.has(blob));
  const others = host.identitiesOnly ? [] : held.filter(({ blob }) => !wanted.has(blob));
  const inAgent = new Set(held.map(({ blob }) => blob));
  const fromFiles = files
    .filter(({ blob }) => blob === null || !inAgent.has(blob))
    .map(({ file, blob }): Key => ({ kind: "file", name: file, file, blob }));
  return [...first, ...others, ...fromFiles];
}

/** The public half lies beside the private one; without it a plain private key tells it. */
async function publicBlob(file: string): Promise<string | null> {
  const { utils } = await loadSsh2();
  for (const name of [`${file}.pub`, file]) {
    const text = await readFile(name).catch(() => null);
    const key = text === null ? null : utils.parseKey(text);
    if (key !== null && !(key instanceof Error)) return key.getPublicSSH().toString("base64");
  }
  return null;
}

async function heldBy(socket: string): Promise<Extract<Key, { kind: "agent" }>[]> {
  const { createAgent } = await loadSsh2();
  const agent = createAgent(socket) as BaseAgent<ParsedKey>;
  const keys = await new Promise<readonly unknown[]>((resolve) => {
    // An agent that is gone, or hangs, is an agent without keys.
    const timer = setTimeout(() => resolve([]), AGENT_TIMEOUT_MS);
    agent.getIdentities((error, found) => {
      clearTimeout(timer);
      resolve(error || !found ? [] : found);
    });
  });
  return keys.filter(isKey).map((key) => ({
    kind: "agent",
    name: key.comment || key.type,
    blob: key.getPublicSSH().toString("base64"),
    agent: onlyOf(agent, key),
  }));
}

/** What is no key of a kind that ssh2 knows comes as something else. */
function isKey(key: unknown): key is ParsedKey {
  return typeof (key as Partial<ParsedKey>).getPublicSSH === "function";
}

/** The agent as if it held this key alone: ssh2 would try all of them in one go. */
function onlyOf(agent: BaseAgent<ParsedKey>, key: ParsedKey): BaseAgent {
  const one = Object.create(agent) as BaseAgent<ParsedKey>;
  one.getIdentities = (callback: IdentityCallback<ParsedKey>) => callback(undefined, [key]);
  return one;
}
