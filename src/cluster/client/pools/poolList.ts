/** The pools that a person has added, beside this machine: one small file, shared by the editor and the command line. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
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

/** @throws UserError when there is one of that name */
export async function addPool(stateFolder: string, entry: PoolEntry): Promise<void> {
  const checked = PoolEntry.safeParse(entry);
  if (!checked.success) throw new UserError(checked.error.issues[0]?.message ?? "This is not a pool.");
  const pools = await readPools(stateFolder);
  if (entry.name === LOCAL_POOL || pools.some(({ name }) => name === entry.name))
    throw new UserError(
      `There is a pool named ${entry.name} already.`,
      "Choose another name, or remove that one first.",
    );
  await write(stateFolder, [...pools, checked.data]);
}

/** @returns false when there was none */
export async function removePool(stateFolder: string, name: string): Promise<boolean> {
  const pools = await readPools(stateFolder);
  const kept = pools.filter((pool) => pool.name !== name);
  if (kept.length === pools.length) return false;
  await write(stateFolder, kept);
  return true;
}

async function write(stateFolder: string, pools: readonly PoolEntry[]): Promise<void> {
  const file = fileOf(stateFolder);
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify({ version: 1, pools }, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
