/** Asks a pool whether the paths are there that data is mapped to. */
import type { LinkedPath } from "../protocol/entities.ts";
import type { Result } from "../protocol/methods.ts";
import type { PoolCalls } from "./poolCalls.ts";
import type { MappedPath } from "./snapshot/mapped.ts";
import { UserError } from "./userError.ts";

export type PathOnPool = Result<"path/check">["paths"][number];

/** @throws UserError when there is nothing, or nothing that can be read; what a call to the pool throws */
export async function requirePathOnPool(
  pool: Pick<PoolCalls, "call">,
  poolName: string,
  target: string,
  signal?: AbortSignal,
): Promise<PathOnPool> {
  const { paths } = await pool.call("path/check", { paths: [target] }, { signal });
  const [found] = paths;
  if (found !== undefined && found.kind !== null) return found;
  throw new UserError(
    `${target} on ${poolName} ${found?.problem ?? "was not looked for"}.`,
    "Check the path there, or name another one.",
  );
}

/** The links that runs get. @throws UserError for the first that is not there */
export async function linksOf(
  pool: Pick<PoolCalls, "call">,
  poolName: string,
  mapped: readonly MappedPath[],
  signal?: AbortSignal,
): Promise<LinkedPath[]> {
  if (mapped.length === 0) return [];
  const { paths } = await pool.call("path/check", { paths: mapped.map((one) => one.target) }, { signal });
  return mapped.map(({ path, target, reason, isOwn }, index) => {
    const found = paths[index];
    if (found && found.kind !== null) return { path, target: found.target, reason };
    throw new UserError(
      `${path} is to be ${target} on ${poolName} (${reason}), which ${found?.problem ?? "was not looked for"}.`,
      isOwn
        ? `Put the data there, or name another path: ${WAYS}.`
        : "Put the data there, or correct the configuration.",
    );
  });
}

/** How a person says what is to become of ignored data. */
export const WAYS = "Show What Will Be Sent in the editor, trainyard data on the command line";
