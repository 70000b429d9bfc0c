/** What a person types to name a host: `gpu1`, `ada@gpu1:2200`, `ssh://ada@gpu1:2200`, `[2001:db8::1]:22`. */
import { isIPv6 } from "node:net";
import * as z from "zod";
import { UserError } from "../userError.ts";

const MAX_LENGTH = 1_000;
/** Controls, and whatever looks like nothing or like another order of the letters. */
const UNSEEN = /[\p{C}\p{Z}]/u;
/** What OpenSSH (9.6 and later) refuses, because a ProxyCommand hands it to a shell; and what its patterns and tokens are made of. */
const NOT_IN_HOST = /['"`$\\;&<>|(){}[\]%*?!,#/@:]/;
const NOT_IN_USER = /['"`$;&<>|(){}:]|\\$/;

export const Destination = z.object({
  /** An alias of the configuration, a host name, or an address without brackets. */
  host: z
    .string()
    .min(1, "the host is missing")
    .max(255, "the host is too long")
    .refine((host) => !host.startsWith("-"), "a host does not start with a dash")
    .refine((host) => !UNSEEN.test(host), "a host has no spaces or control characters")
    .refine(
      (host) => isIPv6(host.replace(/%[\w.-]+$/, "")) || !NOT_IN_HOST.test(host),
      "that is not the name of a host",
    ),
  user: z
    .string()
    .min(1, "the user is missing before the @")
    .max(255, "the user is too long")
    .refine((user) => !user.startsWith("-"), "a user does not start with a dash")
    .refine((user) => !UNSEEN.test(user), "a user has no spaces or control characters")
    .refine(
      (user) => !NOT_IN_USER.test(user),
      "that is not the name of a user (a password is asked for later)",
    )
    .nullable(),
  port: z
    .int("a port is a number")
    .min(1, "a port is at least 1")
    .max(65_535, "a port is at most 65535")
    .nullable(),
});
export type Destination = z.infer<typeof Destination>;

/** @throws UserError that says what is wrong with it */
export function parseDestination(text: string): Destination {
  const trimmed = text.trim();
  const parts = trimmed.length > MAX_LENGTH ? "it is too long" : split(trimmed);
  if (typeof parts === "string") throw refusal(trimmed, parts);
  const parsed = Destination.safeParse(parts);
  if (!parsed.success) throw refusal(trimmed, parsed.error.issues[0]?.message ?? "it is not a host");
  return parsed.data;
}

/** As a person types it; parseDestination's inverse. */
export function showDestination({ host, user, port }: Destination): string {
  const name = port !== null && host.includes(":") ? `[${host}]` : host;
  return `${user === null ? "" : `${user}@`}${name}${port === null ? "" : `:${port}`}`;
}

/** The parts, not yet looked at, or what is wrong with the whole. */
function split(text: string): Destination | string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined && scheme.toLowerCase() !== "ssh") return `${scheme}:// is not SSH`;
  const rest = scheme === undefined ? text : text.slice("ssh://".length).replace(/\/$/, "");
  // A user may contain an @ (a login at a gateway: ada@cluster@gateway), a host may not.
  const at = rest.lastIndexOf("@");
  const address = rest.slice(at + 1);
  if (/[/?#]/.test(address)) return "a path or a query does not belong here";
  const user = at === -1 ? null : scheme === undefined ? rest.slice(0, at) : decoded(rest.slice(0, at));
  if (user === undefined) return "its user is not encoded as in a URL";
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(address);
  // Several colons without brackets: an address, and no port.
  const [host = "", port] = bracketed
    ? bracketed.slice(1)
    : address.split(":").length === 2
      ? address.split(":")
      : [address];
  return { user, host, port: port === undefined ? null : portOf(port) };
}

function decoded(user: string): string | undefined {
  try {
    return decodeURIComponent(user);
  } catch {
    return undefined;
  }
}

/** Digits alone: `0x16` and `2e1` are numbers to JavaScript only. */
function portOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : NaN;
}

function refusal(text: string, why: string): UserError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return new UserError(
    `${JSON.stringify(shown)} does not name a host: ${why}.`,
    "Write a host of your SSH configuration, or user@host:port.",
  );
}
