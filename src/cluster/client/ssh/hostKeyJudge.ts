/** Whose key it is: the one that was pinned, else by known_hosts and what the person trusted, else by asking. */
import { PersonNeededError } from "../userError.ts";
import { shownKey } from "./fingerprint.ts";
import type { SshHost, SshQuestions } from "./host.ts";
import { judge, type KnownKey, knownTypes, readKnownHosts } from "./knownHosts.ts";
import { openTrustStore } from "./trustStore.ts";

export interface HostKeyJudge {
  /** @throws PersonNeededError to refuse */
  verify: (host: SshHost, key: Buffer) => Promise<void>;
  /** Algorithms of the keys that are known, to be asked for first: another key of the host would look like a new one. */
  keyTypes: (host: SshHost) => Promise<string[]>;
}

export function createHostKeyJudge(options: {
  stateFolder: string;
  questions: SshQuestions;
  /** The one fingerprint that the last host may have; its jump hosts are judged as ever. */
  pinned: { alias: string; fingerprint: string } | null;
}): HostKeyJudge {
  const { questions, pinned } = options;
  const trust = openTrustStore(options.stateFolder);

  /** Known to OpenSSH, and trusted by the person. */
  async function keysFor({ knownHosts }: SshHost): Promise<KnownKey[]> {
    return [...(await readKnownHosts(knownHosts.files)), ...(await trust.keys())];
  }

  return {
    keyTypes: async (host) => knownTypes(await keysFor(host), host.knownHosts.name).flatMap(algorithmsOf),
    async verify(host, key) {
      const { name } = host.knownHosts;
      const shown = shownKey(name, key);
      const verdict = judge(await keysFor(host), name, key);
      // Whatever was pinned: somebody else has it now.
      if (verdict.kind !== "revoked" && pinned?.alias === host.alias) {
        if (shown.fingerprint === pinned.fingerprint) return;
        throw changed(name, shown.fingerprint, `the pool was added with ${pinned.fingerprint}`);
      }
      switch (verdict.kind) {
        case "known":
          return;
        case "revoked":
          throw new PersonNeededError(
            `The key of ${name} is revoked (${verdict.where}): ${shown.fingerprint}. Nothing was sent.`,
            "Somebody may be listening. Ask the host's administrator.",
          );
        case "changed":
          throw changed(name, shown.fingerprint, `${verdict.where} has another`);
        case "unknown":
          if (await questions.trustHostKey(shown)) return trust.trust(name, key);
          throw new PersonNeededError(
            `The key of ${name} is not known here: ${shown.type} ${shown.fingerprint}.`,
            "Compare it with what the host's administrator tells you, and connect again.",
          );
      }
    },
  };
}

export function changed(name: string, fingerprint: string, known: string): PersonNeededError {
  return new PersonNeededError(
    `The key of ${name} has changed: it shows ${fingerprint}, and ${known}. Nothing was sent.`,
    "Somebody may be listening, or the host was set up anew. When its administrator confirms that, remove the old key: ssh-keygen -R",
  );
}

/** None for types that ssh2 does not know, which known_hosts may hold. */
function algorithmsOf(type: string): string[] {
  if (type === "ssh-rsa") return ["rsa-sha2-512", "rsa-sha2-256"];
  return /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521))$/.test(type) ? [type] : [];
}
