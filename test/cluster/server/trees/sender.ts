/** A person's side of a snapshot, with real git: commits trees, makes packs. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";

export interface Sender {
  readonly folder: string;
  write(files: Record<string, string | Buffer>): void;
  git(...args: string[]): string;
  /** Writes the folder as it is as a tree. */
  tree(): string;
  pack(tree: string, ...bases: string[]): Buffer;
}

export function createSender(): Sender & Disposable {
  const folder = mkdtempSync(path.join(tmpdir(), "trainyard-sender-"));
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 }).trim();
  git("init", "--quiet");
  return {
    folder,
    git,
    write: (files) => {
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        writeFileSync(path.join(folder, name), content);
      }
    },
    tree: () => {
      git("add", "--all", "--force");
      return git("write-tree");
    },
    pack: (tree, ...bases) =>
      execFileSync("git", ["pack-objects", "--revs", "--stdout", "-q", "--thin"], {
        cwd: folder,
        input: [tree, ...bases.map((base) => `^${base}`), ""].join("\n"),
        maxBuffer: 1 << 30,
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function stream(bytes: Buffer): NodeJS.ReadableStream {
  return Readable.from([bytes], { objectMode: false });
}

/** Puts one object of any content into a repository, also one that git itself would refuse. */
export async function writeObject(folder: string, type: string, content: Buffer): Promise<string> {
  const child = spawn("git", ["hash-object", "-t", type, "-w", "--stdin", "--literally"], { cwd: folder });
  child.stdin.end(content);
  let out = "";
  for await (const chunk of child.stdout) out += String(chunk);
  return out.trim();
}

export const silentLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };
