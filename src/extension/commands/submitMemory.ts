/** What was chosen for the last submit, kept for the workspace. */
import path from "node:path";
import type * as vscode from "vscode";
import type { Launcher } from "../../cluster/protocol/methods.ts";
import { plural } from "../format.ts";
import { joinArguments } from "./arguments.ts";

const POOL_KEY = "trainyard.submit.pool";
const SCRIPTS_KEY = "trainyard.submit.scripts";
/** Scripts that are remembered, the latest last. */
const MOST_SCRIPTS = 50;

export interface ScriptOptions {
  arguments: string[];
  /** Null: as the configuration says, else one. */
  slots: number | null;
  /** `torchrun` starts one process for each slot. */
  launcher?: Launcher;
  /** `auto`: the configuration beside the script, if there is one. */
  configuration: "auto" | { file: string } | null;
}

export const DEFAULT_OPTIONS: ScriptOptions = { arguments: [], slots: null, configuration: "auto" };

export class SubmitMemory {
  readonly #memento: vscode.Memento;
  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  get pool(): string | null {
    return this.#memento.get<string | null>(POOL_KEY, null);
  }
  async setPool(pool: string): Promise<void> {
    await this.#memento.update(POOL_KEY, pool);
  }

  /** @param script absolute path */
  optionsOf(script: string): ScriptOptions {
    return this.#scripts()[script] ?? DEFAULT_OPTIONS;
  }

  async remember(script: string, options: ScriptOptions): Promise<void> {
    const { [script]: _before, ...others } = this.#scripts();
    const kept = [...Object.entries(others), [script, options] as const].slice(-MOST_SCRIPTS);
    await this.#memento.update(SCRIPTS_KEY, Object.fromEntries(kept));
  }

  /** Latest first. */
  get recentScripts(): string[] {
    return Object.keys(this.#scripts()).reverse();
  }

  #scripts(): Record<string, ScriptOptions> {
    return this.#memento.get<Record<string, ScriptOptions>>(SCRIPTS_KEY, {});
  }
}

/** `train.py --epochs 3, 2 slots`: a plain submit repeats what was chosen before, so it says what that is. */
export function describeSubmit(script: string, options: ScriptOptions): string {
  const { slots, launcher, configuration } = options;
  return [
    [path.basename(script), joinArguments(options.arguments)].filter((part) => part !== "").join(" "),
    slots === null ? "" : plural(slots, "slot"),
    launcher === "torchrun" ? launcher : "",
    configuration === null ? "no configuration" : "",
    configuration === null || configuration === "auto" ? "" : path.basename(configuration.file),
  ]
    .filter((part) => part !== "")
    .join(", ");
}
