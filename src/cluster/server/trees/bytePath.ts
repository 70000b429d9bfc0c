/**
 * File names are bytes, not text: a repository may hold a name that is not UTF-8, and it has to come out as it went in.
 * Inside of trees/ a path is therefore a string with one character a byte (latin1), which compares and concatenates
 * like any other; `toNative` makes what `node:fs` takes.
 */
export type BytePath = string & { readonly bytePath: unique symbol };

export function bytePath(text: string): BytePath {
  return Buffer.from(text, "utf8").toString("latin1") as BytePath;
}

export function bytePathFrom(bytes: Buffer): BytePath {
  return bytes.toString("latin1") as BytePath;
}

export function join(folder: BytePath, ...names: string[]): BytePath {
  return [folder, ...names].join("/") as BytePath;
}

/** Only bytes above 127 need the detour: for ASCII the string is the same in both encodings. */
export function toNative(path: BytePath): string | Buffer {
  // eslint-disable-next-line no-control-regex
  return /^[\u0000-\u007f]*$/.test(path) ? path : Buffer.from(path, "latin1");
}

/** For people and for JSON; a name that is not UTF-8 gets replacement characters. */
export function toText(path: BytePath): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** The folder of a path, or null for a name without one. */
export function parent(path: BytePath): BytePath | null {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? null : (path.slice(0, slash) as BytePath);
}

/** True for a path that git may have in a tree: it stays inside, and touches no repository. */
export function isTreePath(path: BytePath): boolean {
  return path
    .split("/")
    .every((name) => name !== "" && name !== "." && name !== ".." && !/^\.git$/i.test(name));
}
