/** Writes the files of a tree from the repository: exact bytes, no filters, no line ends changed. */
import { closeSync, mkdirSync, openSync, symlinkSync, writeSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type BytePath, join, parent, toNative } from "./bytePath.ts";
import { ended } from "./git.ts";
import type { Repository, TreeEntry } from "./repository.ts";
import { CallError } from "../callError.ts";

const SYMLINK = "120000";
const SUBMODULE = "160000";
const EXECUTABLE = "100755";
const MAX_LINK_BYTES = 4096;

/**
 * @param folder holds none of the entries yet
 * @param writable 0644 and 0755, else 0444 and 0555
 * @returns the sum of the files' sizes
 */
export async function writeEntries(
  repository: Repository,
  entries: readonly TreeEntry[],
  folder: BytePath,
  writable: boolean,
): Promise<number> {
  const made = new Set<string>();
  const makeFolder = (path: BytePath): void => {
    if (made.has(path)) return;
    mkdirSync(toNative(path), { recursive: true });
    made.add(path);
  };
  makeFolder(folder);
  // A submodule's commit is not ours: it leaves an empty folder, as in a plain clone.
  for (const entry of entries) if (entry.mode === SUBMODULE) makeFolder(join(folder, entry.path));
  const wanted = entries.filter((entry) => entry.mode !== SUBMODULE);
  if (wanted.length === 0) return 0;

  const args = ["cat-file", "--batch", "--buffer"];
  const child = repository.git.start(args);
  const end = ended(child, args);
  end.catch(() => undefined);
  const asked = pipeline(Readable.from(lines(wanted)), child.stdin);
  asked.catch(() => undefined);

  let bytes = 0;
  let index = 0;
  const parser = createBatchParser((id, size) => {
    const entry = wanted[index++];
    if (entry === undefined || entry.id !== id) throw new CallError("invalid", "git answered out of order.");
    const target = join(folder, entry.path);
    makeFolder(parent(target) ?? folder);
    if (entry.mode === SYMLINK) return symbolicLink(target, size);
    bytes += size;
    return regularFile(target, entry.mode === EXECUTABLE, writable);
  });
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) parser.push(chunk);
    await asked;
    await end;
  } finally {
    parser.close();
    child.kill("SIGKILL");
  }
  if (index !== wanted.length) throw new CallError("invalid", "git ended before it had sent all files.");
  return bytes;
}

function* lines(entries: readonly TreeEntry[]): Generator<string> {
  for (const entry of entries) yield `${entry.id}\n`;
}

interface Sink {
  write(chunk: Buffer): void;
  close(): void;
}

function regularFile(path: BytePath, executable: boolean, writable: boolean): Sink {
  const mode = (executable ? 0o555 : 0o444) | (writable ? 0o200 : 0);
  const fd = openSync(toNative(path), "wx", mode);
  return {
    write: (chunk) => {
      for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
    },
    close: () => closeSync(fd),
  };
}

function symbolicLink(path: BytePath, size: number): Sink {
  if (size > MAX_LINK_BYTES)
    throw new CallError("invalid", "the snapshot holds a symbolic link that is too long.");
  const chunks: Buffer[] = [];
  return {
    write: (chunk) => void chunks.push(Buffer.from(chunk)),
    close: () => symlinkSync(Buffer.concat(chunks), toNative(path)),
  };
}

/** Parses `<id> <type> <size>\n<content>\n`, object after object, whatever the chunks. */
function createBatchParser(begin: (id: string, size: number) => Sink): {
  push(chunk: Buffer): void;
  close(): void;
} {
  let head = "";
  let sink: Sink | null = null;
  let left = 0;
  return {
    push: (chunk) => {
      let at = 0;
      while (at < chunk.length) {
        if (sink === null) {
          const newline = chunk.indexOf(10, at);
          head += chunk.toString("latin1", at, newline === -1 ? undefined : newline);
          if (newline === -1) return;
          at = newline + 1;
          const [id = "", type = "", size = ""] = head.split(" ");
          if (type !== "blob") throw new CallError("invalid", `the repository lacks a file: ${head}`);
          head = "";
          left = Number(size);
          sink = begin(id, left);
        }
        const end = Math.min(at + left, chunk.length);
        if (end > at) sink.write(chunk.subarray(at, end));
        left -= end - at;
        at = end;
        if (left === 0 && at < chunk.length) {
          at++; // the newline after the content
          sink.close();
          sink = null;
        }
      }
    },
    close: () => sink?.close(),
  };
}
