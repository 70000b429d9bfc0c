/** The pools that a person has added, beside this machine: one small file, shared by the editor and the command line. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { withLock } from "../fileLock.ts";
import { UserError } from "../userError.ts";

/** The pool of this machine, which is always there. */
export const LOCAL_POOL = "local";
const MOST_POOLS = 200;

export const PoolName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "A pool's name has letters, digits, `.`, `_` and `-`, at most 63.",
  );

const OptionalPath = z.string().min(1).max(4096).nullable().catch(null);

export const PoolEntry = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("ssh"),
    name: PoolName,
    /** An alias of the SSH configuration, or `user@host:port`. */
    destination: z.string().min(1).max(500),
    /** Another SSH configuration than the person's own. */
    sshConfig: OptionalPath,
    /** On the host: the pool folder (null for `~/.trainyard`), and a Node (null to find one). */
    home: OptionalPath,
    runtimePath: OptionalPath,
    /** The one host key that is taken, `SHA256:...`; null to go by known_hosts and what the person trusts. */
    fingerprint: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/)
      .nullable()
      .catch(null),
  }),
  /** Another pool folder on this machine. */
  z.object({ kind: z.literal("folder"), name: PoolName, home: z.string().min(1).max(4096) }),
]);
export type PoolEntry = z.infer<typeof PoolEntry>;

const PoolList = z.object({ version: z.literal(1), pools: z.array(PoolEntry).max(MOST_POOLS) });

const fileOf = (stateFolder: string): string => path.join(stateFolder, "pools.json");

/** @throws UserError when the file is damaged: it is the person's, so nothing is thrown away */
export async function readPools(stateFolder: string): Promise<PoolEntry[]> {
  const file = fileOf(stateFolder);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new UserError(`${file} cannot be read: ${error.message}.`);
  });
  if (text === null) return [];
  try {
    return PoolList.parse(JSON.parse(text)).pools;
  } catch (error) {
    throw new UserError(
      `The list of pools in ${file} is damaged.`,
      "Correct it, or move it away and add the pools again.",
      { cause: error },
    );
  }
}

/** @returns the entry as it may be added @throws UserError for what is no pool, or when there is one of that name */
export async function checkNewPool(stateFolder: string, entry: PoolEntry): Promise<PoolEntry> {
  const checked = PoolEntry.safeParse(entry);
  if (!checked.success) throw new UserError(checked.error.issues[0]?.message ?? "This is not a pool.");
  requireNew(await readPools(stateFolder), checked.data);
  return checked.data;
}

/** @throws UserError when there is one of that name */
export async function addPool(stateFolder: string, entry: PoolEntry): Promise<void> {
  const added = await checkNewPool(stateFolder, entry);
  await change(stateFolder, (pools) => {
    requireNew(pools, added);
    return [...pools, added];
  });
}

function requireNew(pools: readonly PoolEntry[], { name }: PoolEntry): void {
  if (name === LOCAL_POOL || pools.some((pool) => pool.name === name))
    throw new UserError(
      `There is a pool named ${name} already.`,
      "Choose another name, or remove that one first.",
    );
  if (pools.length >= MOST_POOLS)
    throw new UserError(`There are ${MOST_POOLS} pools already.`, "Remove one that you do not need.");
}

/** @returns false when there was none */
export async function removePool(stateFolder: string, name: string): Promise<boolean> {
  let isRemoved = false;
  await change(stateFolder, (pools) => {
    const kept = pools.filter((pool) => pool.name !== name);
    isRemoved = kept.length < pools.length;
    return isRemoved ? kept : null;
  });
  return isRemoved;
}

/** Under a lock: another window may change the list at the same time. @param edit null where nothing changed */
async function change(
  stateFolder: string,
  edit: (pools: readonly PoolEntry[]) => PoolEntry[] | null,
): Promise<void> {
  const file = fileOf(stateFolder);
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  await withLock(`${file}.lock`, "change of the list of pools", undefined, async () => {
    const pools = edit(await readPools(stateFolder));
    if (pools === null) return;
    const temporary = `${file}.${process.pid}.tmp`;
    await writeFile(temporary, `${JSON.stringify({ version: 1, pools }, null, 2)}\n`, { mode: 0o600 });
    await rename(temporary, file);
  });
}
