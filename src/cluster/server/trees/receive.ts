/**
 * Takes a pack in. Its objects first go to a folder of their own (a quarantine, as git's own receive-pack does it), and
 * move into the repository only when git has checked every one of them and found everything that they lead to, there or
 * in the repository. So whatever is in the repository is complete, and a broken or wrong pack leaves nothing behind.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ended } from "./git.ts";
import type { Repository } from "./repository.ts";
import { CallError } from "../callError.ts";

/** Folder in the repository for what has not been checked yet. */
export const INCOMING = "incoming";

const HEADER_BYTES = 12;
/** Small packs become single files, as a pack for each small change would slow every later look-up. */
const UNPACK_LIMIT = { objects: 100, bytes: 4 * 1024 * 1024 };

/** @throws CallError when it is no pack, is cut short, has broken objects, or does not bring the whole tree */
export async function receivePack(
  repository: Repository,
  tree: string,
  pack: NodeJS.ReadableStream,
  signal: AbortSignal,
): Promise<void> {
  const quarantine = path.join(repository.folder, INCOMING, randomUUID());
  await mkdir(path.join(quarantine, "pack"), { recursive: true });
  const env = {
    GIT_OBJECT_DIRECTORY: quarantine,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: path.join(repository.folder, "objects"),
    GIT_QUARANTINE_PATH: quarantine,
  };
  try {
    const { objects, isSmall, body } = await readStart(pack);
    // --strict: every object is parsed (no "..", no ".git" in trees), and all that they name must exist.
    const args =
      isSmall && objects < UNPACK_LIMIT.objects
        ? ["unpack-objects", "-q", "--strict"]
        : ["index-pack", "--stdin", "--fix-thin", "--strict"];
    const child = repository.git.start(args, { env, signal });
    child.stdout.resume();
    const end = ended(child, args);
    end.catch(() => undefined);
    try {
      await pipeline(body, child.stdin, { signal });
    } catch (error) {
      // git hangs up on a bad pack: then its own words say more than "broken pipe" does.
      if (!isBrokenPipe(error)) {
        child.kill("SIGKILL");
        throw error;
      }
    }
    await end;
    await checkTree(repository, tree, env);
    await moveInto(quarantine, path.join(repository.folder, "objects"));
    await repository.pin(tree);
  } finally {
    await rm(quarantine, { recursive: true, force: true });
  }
}

/** Reads as much as tells whether the pack is small: compressing gigabytes again would take longer than sending them. */
async function readStart(
  pack: NodeJS.ReadableStream,
): Promise<{ objects: number; isSmall: boolean; body: Readable }> {
  const source = pack[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  const start: Buffer[] = [];
  let bytes = 0;
  let isSmall = false;
  while (bytes <= UNPACK_LIMIT.bytes && !isSmall) {
    const next = await source.next();
    isSmall = next.done === true;
    if (next.done) break;
    start.push(Buffer.from(next.value as Buffer));
    bytes += start.at(-1)?.length ?? 0;
  }
  const head = Buffer.concat(start);
  const version = head.length < HEADER_BYTES ? 0 : head.readUInt32BE(4);
  if (head.toString("latin1", 0, 4) !== "PACK" || (version !== 2 && version !== 3))
    throw new CallError("invalid", "what was sent as a snapshot is not a git pack.", "Submit again.");
  async function* all(): AsyncGenerator<Buffer> {
    yield head;
    if (isSmall) return;
    for (let next = await source.next(); !next.done; next = await source.next())
      yield Buffer.from(next.value as Buffer);
  }
  return { objects: head.readUInt32BE(8), isSmall, body: Readable.from(all(), { objectMode: false }) };
}

async function checkTree(repository: Repository, tree: string, env: Record<string, string>): Promise<void> {
  let type: string;
  try {
    type = (await repository.git.output(["cat-file", "-t", tree], { env })).toString("latin1").trim();
  } catch {
    throw new CallError("invalid", `the pack does not bring the snapshot ${tree}.`, "Submit again.");
  }
  if (type !== "tree") throw new CallError("invalid", `${tree} is a ${type}, a snapshot is a tree.`);
}

/** Index files last: a pack is seen by its index. An object that is there already is the same one. */
async function moveInto(quarantine: string, objects: string): Promise<void> {
  for (const folder of await readdir(quarantine)) {
    const names = await readdir(path.join(quarantine, folder));
    names.sort((a, b) => Number(a.endsWith(".idx")) - Number(b.endsWith(".idx")));
    if (names.length > 0) await mkdir(path.join(objects, folder), { recursive: true });
    for (const name of names)
      await rename(path.join(quarantine, folder, name), path.join(objects, folder, name));
    await rmdir(path.join(quarantine, folder));
  }
}

function isBrokenPipe(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET";
}
