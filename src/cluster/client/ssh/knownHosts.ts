/** OpenSSH's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): read, never written. */
import { createHmac } from "node:crypto";
import { open, stat } from "node:fs/promises";
import type { HostKeyVerdict } from "./host.ts";
import { typeOfKey } from "./keyBlob.ts";
import { matchesList } from "./patterns.ts";

/** A site's list of all its hosts is a few megabytes; what lies beyond this is not read. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** One line that names a key. */
export interface KnownKey {
  /** A certificate authority's key is never a host's: what it has signed cannot be judged here. */
  marker: "revoked" | "cert-authority" | null;
  matches(name: string): boolean;
  type: string;
  blob: Buffer;
  /** File and line, for display. */
  where: string;
}

/** Files that are not there, or not readable, know nobody. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownKey[]> {
  const read = await Promise.all(files.map(async (file) => parseKnownHosts(await readStart(file), file)));
  return read.flat();
}

/** Lines that cannot be read are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownKey[] {
  return text.split("\n").flatMap((line, index) => parseLine(line, `${file}, line ${index + 1}`) ?? []);
}

/**
 * Revoked wins over all, then a key that is known over others that were (a host may have several), as in OpenSSH.
 * @param name as SshHost.knownHosts.name
 * @param blob the key that the host showed
 */
export function judge(keys: readonly KnownKey[], name: string, blob: Buffer): HostKeyVerdict {
  const of = keys.filter((key) => key.matches(name));
  const revoked = of.find((key) => key.marker === "revoked" && key.blob.equals(blob));
  if (revoked) return { kind: "revoked", where: revoked.where };
  const plain = of.filter((key) => key.marker === null);
  if (plain.some((key) => key.blob.equals(blob))) return { kind: "known" };
  const type = typeOfKey(blob);
  const changed = plain.find((key) => key.type === type);
  if (changed) return { kind: "changed", where: changed.where };
  // A server at another port of a host that is known may show that host's key: OpenSSH takes it, and asks for any other.
  const host = /^\[(.+)\]:\d+$/.exec(name)?.[1];
  if (host !== undefined) {
    const there = judge(keys, host, blob);
    if (there.kind === "known" || there.kind === "revoked") return there;
  }
  return { kind: "unknown", others: typesOf(plain) };
}

/**
 * Types of the keys that are known for a name, to be asked for first: a host that has keys of several types shows the one
 * that the client prefers, and a new one would look unknown. `ssh-rsa` stands for `rsa-sha2-512` and `rsa-sha2-256` too.
 */
export function knownTypes(keys: readonly KnownKey[], name: string): string[] {
  const of = keys.filter((key) => key.matches(name));
  const revoked = of.filter((key) => key.marker === "revoked");
  return typesOf(
    of.filter((key) => key.marker === null && !revoked.some((other) => other.blob.equals(key.blob))),
  );
}

function typesOf(keys: readonly KnownKey[]): string[] {
  return [...new Set(keys.map((key) => key.type))];
}

async function readStart(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    // /dev/null; a pipe would be waited for.
    if (size === 0) return "";
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, MAX_FILE_BYTES)));
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return "";
  }
}

function parseLine(line: string, where: string): KnownKey | null {
  const words = line.trim().split(/[ \t]+/);
  const marked = words[0]?.startsWith("@") ? words.shift() : undefined;
  const [names = "", type, base64 = ""] = words;
  if (names === "" || names.startsWith("#")) return null;
  const marker = marked === undefined ? null : marked.slice(1);
  if (marker !== null && marker !== "revoked" && marker !== "cert-authority") return null;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const blob = Buffer.from(base64, "base64");
  const matches = matcher(names);
  if (type === undefined || typeOfKey(blob) !== type || matches === null) return null;
  return { marker, matches, type, blob, where };
}

/** Null where a hashed name cannot be read. */
function matcher(names: string): KnownKey["matches"] | null {
  if (!names.startsWith("|")) {
    const patterns = names.toLowerCase().split(",");
    return (name) => matchesList(patterns, name);
  }
  const [, salt, hash] = /^\|1\|([A-Za-z0-9+/=]+)\|([A-Za-z0-9+/=]+)$/.exec(names) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const key = Buffer.from(salt, "base64");
  const wanted = Buffer.from(hash, "base64");
  return (name) => createHmac("sha1", key).update(name).digest().equals(wanted);
}
