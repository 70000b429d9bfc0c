/** A host's key as a person compares it. */
import { createHash } from "node:crypto";
import { UserError } from "../userError.ts";
import type { ShownHostKey } from "./host.ts";
import { typeOfKey } from "./keyBlob.ts";

/**
 * @param name that the key is looked up by (SshHost.knownHosts.name)
 * @param blob as ssh2's hostVerifier gives it
 * @throws UserError where it is no key: a server may send anything
 */
export function shownKey(name: string, blob: Buffer): ShownHostKey {
  const type = typeOfKey(blob);
  if (type === null)
    throw new UserError(
      `${name} showed something that is no host key.`,
      "Check the host and the port: this may not be an SSH server.",
    );
  return { name, type, fingerprint: fingerprintOf(blob) };
}

/** `SHA256:...`, without padding. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}
