/** Nodes that this side has for hosts that have none: one that it was given or has downloaded, else the one that runs here. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { isRecent } from "../runtime.ts";
import { UserError } from "../userError.ts";
import type { HostFacts, RuntimeFile } from "./prepareHost.ts";

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "x64",
  amd64: "x64",
  aarch64: "arm64",
  arm64: "arm64",
};
/** Machine field of an ELF header (offset 18). */
const ELF_MACHINES: Readonly<Record<number, string>> = { 62: "x64", 183: "arm64" };

/**
 * Keeps a Node for hosts of its kind: the program itself, or gzipped.
 * @throws UserError for what is no program for Linux
 * @returns `x64` or `arm64`
 */
export async function keepRuntime(stateFolder: string, file: string): Promise<string> {
  const read = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${file} cannot be read: ${error.message}.`);
  });
  const isGzip = read[0] === 0x1f && read[1] === 0x8b;
  const program = isGzip ? await promisify(gunzip)(read).catch(() => Buffer.alloc(0)) : read;
  const architecture = ELF_MACHINES[machineOf(program) ?? 0] ?? null;
  if (architecture === null)
    throw new UserError(
      `${file} is not a Node for Linux (an ELF program for x64 or arm64).`,
      "Unpack a download of nodejs.org and name its file bin/node.",
    );
  const folder = path.join(stateFolder, "runtimes", `linux-${architecture}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const bytes = isGzip ? read : await promisify(gzip)(program, { level: 6 });
  const target = path.join(folder, "node.gz");
  await writeFile(`${target}.${process.pid}`, bytes, { mode: 0o600 });
  await rename(`${target}.${process.pid}`, target);
  return architecture;
}

/** As Node names it; null where it has no program for such a host. */
export function architectureOf({ system, machine }: Pick<HostFacts, "system" | "machine">): string | null {
  return system === "Linux" ? (ARCHITECTURES[machine] ?? null) : null;
}

/** @returns null when this side has none for such a host */
export async function runtimeFor(stateFolder: string, facts: HostFacts): Promise<RuntimeFile | null> {
  const architecture = architectureOf(facts);
  if (architecture === null) return null;
  const kept = path.join(stateFolder, "runtimes", `linux-${architecture}`, "node.gz");
  const given = await readFile(kept).catch(() => null);
  if (given !== null) return named(given);
  const isOwnKind =
    process.platform === "linux" &&
    process.arch === architecture &&
    process.versions.electron === undefined &&
    isRecent(process.versions.node);
  return isOwnKind ? named(await ownNode(stateFolder)) : null;
}

function named(bytes: Buffer): RuntimeFile {
  return { name: createHash("sha256").update(bytes).digest("hex").slice(0, 32), bytes };
}

/** Packed once for each Node. */
async function ownNode(stateFolder: string): Promise<Buffer> {
  const folder = path.join(stateFolder, "runtimes", "own");
  const file = path.join(folder, `${process.version}-${process.arch}.gz`);
  const packed = await readFile(file).catch(() => null);
  if (packed !== null) return packed;
  const bytes = await promisify(gzip)(await readFile(process.execPath), { level: 1 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.${process.pid}`, bytes, { mode: 0o600 });
  await rename(`${file}.${process.pid}`, file);
  return bytes;
}

/** Null for what is no ELF program. */
function machineOf(program: Buffer): number | null {
  const isElf64 = program.subarray(0, 5).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2]));
  return isElf64 && program.length >= 64 ? program.readUInt16LE(18) : null;
}
