/** Which Python this folder's scripts run with on a pool of another machine: the pool keeps the choice. */
import * as vscode from "vscode";
import type { Experiment } from "../../cluster/protocol/entities.ts";
import { COMMANDS } from "./commandIds.ts";
import { ShownError } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import { realPath } from "../workspaceFolders.ts";
import { chooseInterpreter } from "./interpreter.ts";
import { pickInterpreter } from "./interpreterPick.ts";
import type { SubmitMemory } from "./submitMemory.ts";
import { whichPool } from "./whichPool.ts";
import { folderFor } from "./willSend.ts";

const SAID_MS = 8000;

export class PoolPython {
  readonly #pools: Pools;
  readonly #memory: SubmitMemory;
  constructor(pools: Pools, memory: SubmitMemory) {
    this.#pools = pools;
    this.#memory = memory;
  }

  /** On a pool that is named, or picked. */
  async choose(argument: unknown): Promise<void> {
    const pool = await whichRemotePool(this.#pools, argument, "On which pool?");
    if (pool) await choose(pool, realPath(folderFor(undefined)));
  }

  /** Where the experiments of this folder run: there, or, on this machine, as the editor chooses it. */
  async chooseHere(): Promise<void> {
    const { pool: id } = this.#memory;
    const pool = id === null ? undefined : this.#pools.get(id);
    await (pool?.place.isRemote ? choose(pool, realPath(folderFor(undefined))) : chooseInterpreter());
  }

  /** Where an experiment ran, for the next ones of its folder. */
  async chooseFor(pool: Pool, { workspace }: Pick<Experiment, "workspace">): Promise<void> {
    await (pool.place.isRemote ? choose(pool, workspace) : chooseInterpreter());
  }
}

/** @param argument as in whichPool() @throws ShownError */
export function whichRemotePool(
  pools: Pools,
  argument: unknown,
  placeHolder: string,
): Promise<Pool | undefined> {
  return whichPool(pools, argument, {
    placeHolder,
    fits: ({ place }) => place.isRemote,
    none: () =>
      new ShownError("No pool on another machine was added yet.", null, [
        { title: "Add Pool...", run: () => vscode.commands.executeCommand(COMMANDS.addPool) },
      ]),
  });
}

async function choose(pool: Pool, workspace: string): Promise<void> {
  const path = await pickInterpreter(
    pool.name,
    async (signal) => (await pool.call("interpreter/list", { workspace }, signal)).interpreters,
    { canForget: true },
  );
  if (path === undefined) return;
  const { interpreter } = await pool.call("interpreter/choose", { workspace, path });
  const said =
    interpreter === null
      ? `${pool.name} finds a Python for this folder by itself again`
      : `This folder's scripts run with ${interpreter.path} on ${pool.name}`;
  vscode.window.setStatusBarMessage(said, SAID_MS);
}
