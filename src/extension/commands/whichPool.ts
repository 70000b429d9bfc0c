/** The pool that a command is for. */
import * as vscode from "vscode";
import type { ShownError } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";

export interface WhichPool {
  placeHolder: string;
  fits: (pool: Pool) => boolean;
  /** Why there is nothing to choose from. */
  none: () => ShownError;
}

/** That of a row of the tree, else the one that is picked. @throws ShownError */
export async function whichPool(
  pools: Pools,
  argument: unknown,
  { placeHolder, fits, none }: WhichPool,
): Promise<Pool | undefined> {
  const { poolId } = (argument ?? {}) as { poolId?: unknown };
  if (typeof poolId === "string") return pools.must(poolId);
  await pools.ready();
  const fitting = pools.all.filter(fits);
  if (fitting.length === 0) throw none();
  const picked = await vscode.window.showQuickPick(
    fitting.map((pool) => ({ label: pool.name, pool })),
    { placeHolder },
  );
  return picked?.pool;
}
