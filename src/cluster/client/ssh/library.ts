/** ssh2 is a bundle of its own, loaded with the first connection that needs it. */
import type * as ssh2 from "ssh2";

export async function loadSsh2(): Promise<typeof ssh2> {
  const loaded = (await import("ssh2")) as typeof ssh2 & { default?: typeof ssh2 };
  // A CommonJS module's exports: Node finds their names in the package, not in the bundle.
  return loaded.default ?? loaded;
}
