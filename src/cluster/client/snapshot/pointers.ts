/**
 * Files that Git LFS keeps: in a commit there is a pointer, on disk the content. Whether one is modified is told by the hash in
 * the pointer, so that no filter of the repository has to run (specification of Git LFS, "The pointer", version 1).
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { git, runGit, type GitOptions } from "../git.ts";

/** A pointer is below 1024 bytes, by the specification. */
const LONGEST_POINTER = 1023;
const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:[a-z0-9.-]+ [^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n$/;

/** Those of the paths that are not what the commit's pointers say, or have no pointer there. */
export async function withoutPointers(
  root: string,
  commit: string,
  paths: readonly string[],
  options: GitOptions,
): Promise<string[]> {
  const left: string[] = [];
  for (const name of paths) {
    const spec = `${commit}:${name}`;
    // One that is not there (a partial clone) is none that could be told from its pointer.
    const size = await runGit(["cat-file", "-s", spec], options);
    const isShort = size.code === 0 && Number(size.stdout.toString()) <= LONGEST_POINTER;
    const blob = isShort ? (await git(["cat-file", "blob", spec], options)).toString("latin1") : "";
    const [, sha256] = POINTER.exec(blob) ?? [];
    if (sha256 === undefined || (await hashOf(path.join(root, name))) !== sha256) left.push(name);
  }
  return left;
}

async function hashOf(file: string): Promise<string | null> {
  const hash = createHash("sha256");
  return pipeline(createReadStream(file), hash).then(
    () => hash.digest("hex"),
    () => null,
  );
}
