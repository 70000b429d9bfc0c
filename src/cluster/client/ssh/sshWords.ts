/** What OpenSSH says when it fails, as an error that a person can act on; its own last line is in it. */
import { PersonNeededError, UserError } from "../userError.ts";
import { refusal } from "./hop.ts";
import type { SshHost } from "./host.ts";

const LET_IN =
  "Check the user's name, and that the host takes your key, certificate or ticket; `ssh` on the command line may say more.";
const LISTENING = "Somebody may be listening, or the host was set up anew. Ask its administrator.";

const AFTERWARDS = /^kex_exchange_identification|UNKNOWN port/;

/** What the C library calls them. */
const CODES: readonly [RegExp, string][] = [
  [/refused/i, "ECONNREFUSED"],
  [/timed out/i, "ETIMEDOUT"],
  [/No route/i, "EHOSTUNREACH"],
  [/unreachable/i, "ENETUNREACH"],
];

/** @param said on standard error */
export function explainSsh(
  {
    alias,
    user,
    hostName,
    port,
    knownHosts,
  }: Pick<SshHost, "alias" | "user" | "hostName" | "port" | "knownHosts">,
  said: string,
): UserError {
  const lines = said.split(/\r?\n/).map((line) => line.trim());
  // What a jump host's `ssh` said comes before what its end means for the one behind it.
  const last =
    lines.filter((line) => line !== "" && !AFTERWARDS.test(line)).at(-1) ??
    lines.filter(Boolean).at(-1) ??
    "it said nothing";
  const ended = last.replace(/\.$/, "");
  const who = `${user}@${alias}`;

  if (said.includes("REVOKED HOST KEY"))
    return new PersonNeededError(
      `The key of ${knownHosts.name} is revoked. Nothing was sent. ssh: ${ended}.`,
      LISTENING,
    );
  if (said.includes("IDENTIFICATION HAS CHANGED")) {
    const shown = /SHA256:[A-Za-z0-9+/]{43}/.exec(said)?.[0] ?? "another key";
    const where = /^Offending .*key in (.+?):?\d*$/m.exec(said)?.[1] ?? "known_hosts";
    return new PersonNeededError(
      `The key of ${knownHosts.name} has changed: it shows ${shown}, and ${where} has another. Nothing was sent. ssh: ${ended}.`,
      `${LISTENING} When the change is confirmed, remove the old key: ssh-keygen -R`,
    );
  }
  if (/Host key verification failed|requested strict checking/.test(said))
    return new PersonNeededError(
      `The key of ${knownHosts.name} is not known here. Nothing was sent. ssh: ${ended}.`,
      "Add it to known_hosts when its administrator has confirmed it, and connect again.",
    );
  if (/Permission denied \(|Too many authentication failures|No supported authentication methods/.test(said))
    return new PersonNeededError(`${who} did not let us in. ssh: ${ended}.`, LET_IN);
  const unknown = /Could not resolve hostname (\S+?):/.exec(said)?.[1];
  if (unknown !== undefined)
    return refusal(
      unknown,
      port,
      /Temporary failure/.test(said) ? "EAI_AGAIN" : "ENOTFOUND",
      new Error(last),
    );
  const [, where, at, why] = /connect to host (\S+) port (\d+): (.+)/.exec(said) ?? [];
  if (where !== undefined && why !== undefined) {
    const code = CODES.find(([words]) => words.test(why))?.[1] ?? why.trim();
    return refusal(where, Number(at), code, new Error(last));
  }
  if (/during banner exchange|Timeout, server/.test(said))
    return new UserError(
      `${alias} does not answer. ssh: ${ended}.`,
      "Check that an SSH server listens there.",
    );
  if (/no matching|kex_exchange_identification|Invalid SSH|Bad packet|banner/i.test(said))
    return new UserError(
      `What answers at ${hostName}:${port} is not an SSH server that we can talk to. ssh: ${ended}.`,
      "Check host and port; `ssh` on the command line may say more.",
    );
  return new UserError(`${who} cannot be reached. ssh: ${ended}.`, "`ssh` on the command line may say more.");
}
