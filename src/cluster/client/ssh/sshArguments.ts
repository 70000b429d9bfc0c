/** What the system's `ssh` is told, beside what the person's own configuration tells it. */
import type { Destination } from "./destination.ts";
import type { SshHost } from "./host.ts";
import type { Settings } from "./sshProgram.ts";

/** OpenSSH reads no more of them. */
const MOST_KNOWN_HOSTS_FILES = 32;
const IN_THE_WAY = [
  "RemoteCommand none",
  "SessionType default",
  "StdinNull no",
  "ForkAfterAuthentication no",
];

/** For every use: nothing is forwarded, nothing but the command runs, and a link that swallows packets is noticed. */
export function commonArguments(
  { host, user, port }: Destination,
  options: { configFile: string | null; settings: Settings; ofLogin: readonly string[] },
): string[] {
  const words = [
    "ClearAllForwardings yes",
    "ServerAliveInterval 4",
    "ServerAliveCountMax 3",
    "PermitLocalCommand no",
    "LogLevel ERROR",
    ...options.ofLogin,
    // What only newer versions know is said only where it is in the way: an older one refuses it.
    ...IN_THE_WAY.filter((line) => isOtherwise(options.settings, line)),
  ];
  return [
    ...(options.configFile === null ? [] : ["-F", options.configFile]),
    // No agent and no display over there.
    ...["-a", "-x"],
    ...words.flatMap((line) => ["-o", line]),
    ...(user === null ? [] : ["-l", user]),
    ...(port === null ? [] : ["-p", String(port)]),
    ...["--", host],
  ];
}

/**
 * How a host's key is judged: by what OpenSSH and the person know, else by asking; never taken silently. A key that was
 * said yes to goes to the first file, which is ours: OpenSSH's own are read, never written.
 */
export function hostKeySettings({ knownHosts }: SshHost, ours: string): string[] {
  return [
    `StrictHostKeyChecking ${knownHosts.strict ? "yes" : "ask"}`,
    `UserKnownHostsFile ${[ours, ...knownHosts.files].slice(0, MOST_KNOWN_HOSTS_FILES).map(quoted).join(" ")}`,
    ...PLAINLY,
  ];
}

/** Nothing that anybody knows counts: the key is asked about, and compared with the one that is wanted. */
export function pinnedKeySettings(ours: string, settings: Settings): string[] {
  return [
    "StrictHostKeyChecking ask",
    `UserKnownHostsFile ${quoted(ours)}`,
    "GlobalKnownHostsFile /dev/null",
    "VerifyHostKeyDNS no",
    ...(settings.has("knownhostscommand") ? ["KnownHostsCommand none"] : []),
    ...PLAINLY,
  ];
}

const PLAINLY = [
  "NoHostAuthenticationForLocalhost no",
  "CheckHostIP no",
  "UpdateHostKeys no",
  "HashKnownHosts no",
  "FingerprintHash sha256",
];

/** Of a login that nobody is there for: the server's own questions are not begun, since giving up counts as a failed login. */
export const SILENT_LOGIN: readonly string[] = ["KbdInteractiveAuthentication no"];

/**
 * A configuration for the `ssh` that OpenSSH itself runs for each jump host, which gets none of our arguments: theirs,
 * and then the person's.
 * @param files the person's, in the order in which they are read
 * @param more lines for each hop
 */
export function configurationFor(
  hops: readonly SshHost[],
  ours: string,
  files: readonly string[],
  more: readonly string[],
): string {
  const blocks = hops.flatMap((hop) => [
    `Host ${hop.alias}`,
    ...[...hostKeySettings(hop, ours), ...more].map((line) => `  ${line}`),
  ]);
  return [...blocks, "Match all", ...files.map((file) => `  Include ${quoted(file)}`), ""].join("\n");
}

/** Not as in `line`, where it is set at all. */
function isOtherwise(settings: Settings, line: string): boolean {
  const [keyword = "", wanted] = line.split(" ");
  const value = settings.get(keyword.toLowerCase())?.[0];
  return value !== undefined && value !== wanted;
}

/** In these a per cent sign begins a token. */
function quoted(file: string): string {
  return `"${file.replaceAll("%", "%%")}"`;
}
