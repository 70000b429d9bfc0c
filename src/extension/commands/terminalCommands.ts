/** Opens a terminal where a pool is, or in the working directory of a run. */
import path from "node:path";
import * as vscode from "vscode";
import { ShownError } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import { PoolTerminal } from "../terminal/poolTerminal.ts";
import { experimentTitle } from "../views/labels.ts";
import type { Targets } from "./targets.ts";
import { whichPool } from "./whichPool.ts";

export class TerminalCommands {
  readonly #pools: Pools;
  readonly #targets: Targets;
  constructor(pools: Pools, targets: Targets) {
    this.#pools = pools;
    this.#targets = targets;
  }

  /** @param argument a row of a run or of a pool; without one a person picks the pool */
  async open(argument: unknown): Promise<void> {
    if (typeof argument === "object" && argument !== null && "experimentId" in argument) {
      const target = await this.#targets.trial(argument, "In whose working directory?");
      if (!target) return;
      const { pool, experiment, trial } = target;
      const runId = trial.currentRun ?? pool.mirror?.runsOf(trial.id).at(-1)?.id;
      if (runId === undefined)
        throw new ShownError(`${experimentTitle(experiment)} has not run yet: it has no working directory.`);
      return show(pool, `run ${runId}`, ["runs", runId, "work"]);
    }
    const pool = await whichPool(this.#pools, argument, {
      placeHolder: "On which pool?",
      fits: () => true,
      none: () => new ShownError("There is no pool."),
    });
    if (pool) await show(pool, pool.name, null);
  }
}

/** @param folder within the pool's; null for where a shell begins (the pool's own folder, on this machine) */
async function show(pool: Pool, name: string, folder: readonly string[] | null): Promise<void> {
  const { host, pool: info } = await pool.connection();
  const place = path.posix.join(info.folder, ...(folder ?? []));
  const terminal =
    host === null
      ? vscode.window.createTerminal({ name, cwd: place })
      : vscode.window.createTerminal({
          name: folder === null ? name : `${name} on ${pool.name}`,
          pty: new PoolTerminal(host, pool.name, folder === null ? null : place),
          iconPath: new vscode.ThemeIcon("remote"),
        });
  terminal.show();
}
