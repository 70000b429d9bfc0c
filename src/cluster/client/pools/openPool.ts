/** A connection to a pool of the list, whatever its kind. */
import type { PoolConnection } from "../connection.ts";
import { connectLocalPool, type LocalPoolOptions } from "../localPool.ts";
import { connectSshPool, type SshPoolOptions } from "../ssh/sshPool.ts";
import { UserError } from "../userError.ts";
import { type PoolEntry, readPools } from "./poolList.ts";

export interface OpenPoolOptions {
  /** For this machine's pools. */
  local: LocalPoolOptions;
  ssh: Omit<SshPoolOptions, "entry">;
}

/** @param entry null for this machine's own pool @throws UserError, or the signal's reason */
export function openPool(entry: PoolEntry | null, { local, ssh }: OpenPoolOptions): Promise<PoolConnection> {
  switch (entry?.kind) {
    case undefined:
      return connectLocalPool(local);
    case "folder":
      return connectLocalPool({ ...local, home: entry.home });
    case "ssh":
      return connectSshPool({ ...ssh, entry });
  }
}

/** @returns null for this machine's own pool @throws UserError when there is none of that name */
export async function findPool(stateFolder: string, name: string | null): Promise<PoolEntry | null> {
  if (name === null) return null;
  const pools = await readPools(stateFolder);
  const found = pools.find((pool) => pool.name === name);
  if (found) return found;
  const names = ["local", ...pools.map((pool) => pool.name)].join(", ");
  throw new UserError(
    `There is no pool named ${name}. There are: ${names}.`,
    "Add it with: trainyard pool add NAME ssh://user@host",
  );
}

/** Whether a pool sees the files of this machine. */
export const isRemote = (entry: PoolEntry | null): boolean => entry?.kind === "ssh";
