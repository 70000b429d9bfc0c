/** Asks the system's `ssh` what its configuration says of a host. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf, UserError } from "../userError.ts";
import { type Destination, showDestination } from "./destination.ts";

const TIMEOUT_MS = 5_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** What it says beside the one thing that is wrong. */
const REMARK = /Deprecated option|Unsupported option/;

/** Keywords in lower case; each may come several times. */
export type Settings = ReadonlyMap<string, readonly string[]>;

export interface AskOptions {
  /** Instead of `~/.ssh/config` and the system's. */
  configFile?: string;
  signal?: AbortSignal;
}

/**
 * `ssh -G`: Include, Match (whose commands it runs, as whenever the person types `ssh`), Host and the defaults, resolved.
 * Null where there is no `ssh`.
 * @throws UserError with OpenSSH's own words about a broken configuration
 */
export async function askSsh(destination: Destination, options: AskOptions): Promise<Settings | null> {
  const { host, user, port } = destination;
  const args = [
    // No terminal: without this it remarks that it cannot have one.
    ...["-G", "-T"],
    ...(options.configFile === undefined ? [] : ["-F", options.configFile]),
    ...(user === null ? [] : ["-l", user]),
    ...(port === null ? [] : ["-p", String(port)]),
    ...["--", host],
  ];
  try {
    const { stdout } = await promisify(execFile)("ssh", args, {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      windowsHide: true,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return parseSettings(stdout);
  } catch (error) {
    options.signal?.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw refusal(showDestination(destination), error);
  }
}

export function parseSettings(output: string): Settings {
  const settings = new Map<string, string[]>();
  for (const line of output.split(/\r?\n/)) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (keyword === undefined || value === undefined) continue;
    const values = settings.get(keyword.toLowerCase());
    if (values) values.push(value);
    else settings.set(keyword.toLowerCase(), [value]);
  }
  return settings;
}

function refusal(shown: string, error: unknown): UserError {
  const { killed, stderr } = error as { killed?: boolean; stderr?: string };
  if (killed)
    return new UserError(
      `ssh did not say within ${TIMEOUT_MS / 1_000} s what your SSH configuration holds for ${shown}.`,
      `Try \`ssh -G ${shown}\` in a terminal: a \`Match exec\` command or a name server may hang.`,
    );
  const said = (stderr ?? "").split(/\r?\n/).find((line) => line.trim() !== "" && !REMARK.test(line));
  return new UserError(
    `ssh refuses ${shown}: ${(said?.trim() ?? messageOf(error)).replace(/\.$/, "")}.`,
    `Correct your SSH configuration; \`ssh -G ${shown}\` in a terminal shows all that is wrong with it.`,
    { cause: error },
  );
}
