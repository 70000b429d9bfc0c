/**
 * The last way to a Node for a host that has none: the official one, pinned here by its SHA-256, which a person has said yes
 * to. It is downloaded to this side, kept, and sent as any other is.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import path from "node:path";
import { withLock } from "../fileLock.ts";
import { PersonNeededError, UserError } from "../userError.ts";
import { downloadVerified } from "./download.ts";
import type { SshQuestions, SshStep } from "./host.ts";
import type { HostFacts, RuntimeFile } from "./prepareHost.ts";
import { architectureOf, keepRuntime, runtimeFor } from "./runtimes.ts";

/** One version, and the SHA-256 of its archive for each architecture (of the SHASUMS256.txt that Node's releases are signed with). */
export interface PinnedNode {
  version: string;
  archives: Readonly<Record<string, string>>;
}

export const OFFICIAL_NODE: PinnedNode = {
  version: "v24.11.1",
  archives: {
    x64: "58a5ff5cc8f2200e458bea22e329d5c1994aa1b111d499ca46ec2411d58239ca",
    arm64: "0dc93ec5c798b0d347f068db6d205d03dea9a71765e6a53922b682b91265d71f",
  },
};
const OFFICIAL_SITE = "https://nodejs.org/dist";
/** Of the C library; the official programs need it or a later one. */
const OLDEST_GLIBC = [2, 28] as const;
const LONGEST_WORDS = 300;

export interface OfficialNodeOptions {
  /** The pool's name, for questions and messages. */
  alias: string;
  stateFolder: string;
  /** In place of https://nodejs.org/dist, with the same folders in it; null for that. The hash stays. */
  mirror: string | null;
  questions: Pick<SshQuestions, "downloadNode">;
  onStep?: ((step: SshStep, detail: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * @returns null when there is no official Node for such a host
 * @throws PersonNeededError when nobody said yes; UserError, or the signal's reason
 */
export async function officialNode(
  facts: HostFacts,
  options: OfficialNodeOptions,
  { version, archives }: PinnedNode = OFFICIAL_NODE,
): Promise<RuntimeFile | null> {
  const { alias, stateFolder, questions, signal } = options;
  const architecture = architectureOf(facts);
  const sha256 = architecture === null ? undefined : archives[architecture];
  if (architecture === null || sha256 === undefined || !hasGlibc(facts.libc)) return null;
  const name = `node-${version}-linux-${architecture}`;
  const url = addressOf(options.mirror ?? OFFICIAL_SITE, `${version}/${name}.tar.gz`);
  const node = `Node ${version} for Linux on ${architecture}`;
  if ((await questions.downloadNode?.({ pool: alias, node, url })) !== true)
    throw new PersonNeededError(
      `${alias} has no Node 22.13 or later, and nobody said yes to downloading ${node} from ${url}.`,
      "Connect, and answer; or install Node there, or give one to this side: trainyard pool runtime FILE",
    );
  const folder = path.join(stateFolder, "runtimes");
  const archive = path.join(folder, `${name}.tar.gz`);
  const onProgress = (bytes: number, total: number | null): void =>
    options.onStep?.(
      "downloading",
      `${node}, ${megabytes(bytes)}${total === null ? "" : ` of ${megabytes(total)}`} MB`,
    );
  onProgress(0, null);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return withLock(`${archive}.lock`, "download of Node", signal, async () => {
    // Another window may have been faster.
    const kept = await runtimeFor(stateFolder, facts);
    if (kept !== null) return kept;
    await downloadVerified({ url, sha256, file: archive, onProgress, signal });
    await keepProgram(stateFolder, archive, `${name}/bin/node`);
    return runtimeFor(stateFolder, facts);
  });
}

function hasGlibc(libc: string): boolean {
  const version = /(\d+)\.(\d+)/.exec(libc);
  if (!/glibc|GNU/i.test(libc) || version === null) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor >= OLDEST_GLIBC[1]);
}

/** @throws UserError for a mirror that is no address */
function addressOf(site: string, file: string): string {
  const base = URL.canParse(site) ? new URL(site) : null;
  if (base === null || !["https:", "http:"].includes(base.protocol))
    throw new PersonNeededError(
      `${JSON.stringify(site)} is not the address of a mirror of Node.`,
      `Correct the setting trainyard.nodeMirror or TRAINYARD_NODE_MIRROR: it stands for ${OFFICIAL_SITE}.`,
    );
  return `${base.origin}${base.pathname.replace(/\/+$/, "")}/${file}${base.search}`;
}

/** Takes the one program out of the archive and keeps it for hosts of its kind; the archive goes. */
async function keepProgram(stateFolder: string, archive: string, member: string): Promise<void> {
  const folder = await mkdtemp(path.join(path.dirname(archive), "unpacking-"));
  try {
    const program = path.join(folder, "node");
    await unpack(archive, member, program);
    await keepRuntime(stateFolder, program);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(archive, { force: true });
  }
}

/** To the standard output of `tar`: nothing is written to a path that the archive names. */
async function unpack(archive: string, member: string, to: string): Promise<void> {
  const [from, into] = [await open(archive, "r"), await open(to, "w", 0o600)];
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void =>
        reject(
          new UserError(
            `The system's tar could not take ${member} out of ${path.basename(archive)}: ${why}`,
            "Unpack a download of nodejs.org by hand, and give its file bin/node to this side: trainyard pool runtime FILE",
          ),
        );
      const tar = spawn("tar", ["-xzOf", "-", member], { stdio: [from.fd, into.fd, "pipe"] });
      let said = "";
      tar.stderr
        ?.setEncoding("utf8")
        .on("data", (text: string) => (said = (said + text).slice(0, LONGEST_WORDS)));
      tar.once("error", (error) => fail(error.message));
      tar.once("close", (code) =>
        code === 0 ? resolve() : fail(said.trim() || `it ended with code ${code}`),
      );
    });
  } finally {
    await Promise.all([from.close(), into.close()]);
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
