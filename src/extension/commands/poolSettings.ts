/** What a pool of another machine is told once: lines that run before every Python there, and where its wheels are. */
import * as vscode from "vscode";
import { changeSettings, setUpLinesUri } from "../editor/setUpLines.ts";
import type { Pools } from "../pool/pools.ts";
import { whichRemotePool } from "./poolPython.ts";

const SAID_MS = 8000;

export class PoolSettingsCommands {
  readonly #pools: Pools;
  constructor(pools: Pools) {
    this.#pools = pools;
  }

  async editSetUpLines(argument: unknown): Promise<void> {
    const pool = await whichRemotePool(this.#pools, argument, "The set-up lines of which pool?");
    if (!pool) return;
    await pool.connection();
    await vscode.window.showTextDocument(setUpLinesUri(pool.id), { preview: false });
  }

  async setWheelFolder(argument: unknown): Promise<void> {
    const pool = await whichRemotePool(this.#pools, argument, "The wheel folder of which pool?");
    if (!pool) return;
    const { wheelFolder } = await pool.call("pool/settings", {});
    const typed = await vscode.window.showInputBox({
      title: `Wheel folder of ${pool.name}`,
      prompt: `A folder of ${pool.name} with the wheels that environments are built from. Empty: from a package index.`,
      placeHolder: "/shared/wheels",
      value: wheelFolder ?? "",
      ignoreFocusOut: true,
      validateInput: (value) =>
        /^(?:\s*$|\s*\/|\s*~\/)/.test(value)
          ? undefined
          : `It is a folder of ${pool.name}, so it begins with / or ~/.`,
    });
    if (typed === undefined) return;
    const folder = typed.trim() || null;
    await changeSettings(pool, { wheelFolder: folder });
    vscode.window.setStatusBarMessage(
      folder === null
        ? `${pool.name} builds environments from a package index`
        : `${pool.name} builds environments from the wheels in ${folder}`,
      SAID_MS,
    );
  }
}
