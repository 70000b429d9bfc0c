/** Our own program as it is sent to a host: named by its content, so that two versions live side by side. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";

export interface HostBundle {
  /** Names its folder there. */
  hash: string;
  /** gzip of JSON { path: base64 }, as hostScripts.ts takes it in. */
  payload: () => Buffer;
}

const known = new Map<string, Promise<HostBundle>>();

/** @param dist the folder with server.js, host.js and python/ */
export function hostBundle(dist: string): Promise<HostBundle> {
  const found = known.get(dist) ?? read(dist);
  known.set(dist, found);
  found.catch(() => known.delete(dist));
  return found;
}

async function read(dist: string): Promise<HostBundle> {
  const python = await readdir(path.join(dist, "python"), { recursive: true, withFileTypes: true });
  const names = [
    "host.js",
    "outputWorker.js",
    "requestThread.js",
    "server.js",
    ...python
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"))
      .map((entry) => path.relative(dist, path.join(entry.parentPath, entry.name))),
  ].sort();
  const files: Record<string, Buffer> = {};
  const hash = createHash("sha256");
  for (const name of names) {
    const content = (files[name] = await readFile(path.join(dist, name)));
    hash.update(`${name}\0${content.byteLength}\0`).update(content);
  }
  return {
    hash: hash.digest("hex").slice(0, 32),
    payload: () =>
      gzipSync(
        JSON.stringify(
          Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString("base64")])),
        ),
      ),
  };
}
