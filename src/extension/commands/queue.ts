/** Who comes first on a pool: seen before it is changed. */
import * as vscode from "vscode";
import { preemptsText, startsText } from "../../cluster/protocol/queueWords.ts";
import type { QueueChange } from "../../cluster/protocol/scheduling.ts";
import { ShownError } from "../errors.ts";
import { plural } from "../format.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import { experimentTitle } from "../views/labels.ts";
import { isFinal } from "../views/states.ts";
import type { TargetRow, Targets } from "./targets.ts";
import { whichPool } from "./whichPool.ts";
import { parseLimit, parseWhole } from "./wholeNumbers.ts";

const MOST_SLOTS = 1024;
const DONE_MS = 5000;

interface Resources {
  priority?: number;
  maxSlots?: number | null;
}

export class QueueCommands {
  readonly #targets: Targets;
  readonly #pools: Pools;
  constructor(targets: Targets, pools: Pools) {
    this.#targets = targets;
    this.#pools = pools;
  }

  async setPriority(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Whose priority shall change?", isLiving);
    if (!row) return;
    const { pool, experiment } = row;
    const answer = await vscode.window.showInputBox({
      title: `Priority of ${experimentTitle(experiment)}`,
      prompt: "1 to 99: lower comes first; 42 is what an experiment has of itself.",
      value: String(experiment.priority),
      validateInput: (text) =>
        parseWhole(text, 1, 99) === null ? "A priority is a whole number from 1 to 99." : undefined,
    });
    const priority = parseWhole(answer ?? "", 1, 99);
    if (priority === null || priority === experiment.priority) return;
    await this.#setResources(pool, experiment.id, { priority });
  }

  async limitSlots(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Whose slots shall be limited?", isLiving);
    if (!row) return;
    const { pool, experiment } = row;
    const answer = await vscode.window.showInputBox({
      title: `Limit of ${experimentTitle(experiment)}`,
      prompt: "How many slots all its trials hold together, at most. Empty: no limit.",
      value: experiment.maxSlots === null ? "" : String(experiment.maxSlots),
      validateInput: (text) =>
        parseLimit(text, MOST_SLOTS) === undefined
          ? `A limit is a whole number from 1 to ${MOST_SLOTS}, or empty for none.`
          : undefined,
    });
    const maxSlots = answer === undefined ? undefined : parseLimit(answer, MOST_SLOTS);
    if (maxSlots === undefined || maxSlots === experiment.maxSlots) return;
    await this.#setResources(pool, experiment.id, { maxSlots });
  }

  async whenWouldItStart(argument: unknown): Promise<void> {
    const pool = await whichPool(this.#pools, argument, {
      placeHolder: "On which pool?",
      fits: ({ status }) => status.state === "connected",
      none: () => new ShownError("No pool is connected.", "Reconnect to one in the view of the pools."),
    });
    if (!pool) return;
    const answer = await vscode.window.showInputBox({
      title: `When would a trial start on ${pool.name}?`,
      prompt: "How many slots it needs; 0 is one that needs none.",
      value: "1",
      validateInput: (text) =>
        parseWhole(text, 0, MOST_SLOTS) === null
          ? `A number of slots is a whole number from 0 to ${MOST_SLOTS}.`
          : undefined,
    });
    const slots = parseWhole(answer ?? "", 0, MOST_SLOTS);
    if (slots === null) return;
    const { startsIn, reason, preempts } = await pool.call("queue/forecast", { slots });
    const when = startsIn?.toMs === 0 ? "now" : `${startsText(startsIn)}. ${reason}`;
    const others = preempts.length === 0 ? "" : ` ${preemptsText(preempts)}`;
    void vscode.window.showInformationMessage(
      `${plural(slots, "slot")} on ${pool.name}: ${when.replace(/\.$/, "")}.${others}`,
    );
  }

  /** The change that the pool proposed. */
  async change(pool: Pool, change: QueueChange): Promise<void> {
    switch (change.type) {
      case "priority":
        return this.#setResources(pool, change.experimentId, { priority: change.priority });
      case "maxSlots":
        return this.#setResources(pool, change.experimentId, { maxSlots: change.maxSlots });
      case "pause":
        await pool.call("trial/pause", { trialId: change.trialId });
        return;
    }
  }

  /** Whoever would be preempted is named before anything changes. */
  async #setResources(pool: Pool, experimentId: number, resources: Resources): Promise<void> {
    const asked = { experimentId, ...resources };
    const { preempts } = await pool.call("experiment/setResources", { ...asked, confirm: false });
    if (preempts.length > 0) {
      const yes = `Preempt ${plural(preempts.length, "Trial")}`;
      const answer = await vscode.window.showWarningMessage(
        `Let #${experimentId} go first?`,
        { modal: true, detail: preemptsText(preempts) },
        yes,
      );
      if (answer !== yes) return;
    }
    const { starts } = await pool.call("experiment/setResources", { ...asked, confirm: true });
    const starting = starts.length === 0 ? "" : `: ${plural(starts.length, "trial")} can start`;
    vscode.window.setStatusBarMessage(`#${experimentId} is changed${starting}`, DONE_MS);
  }
}

function isLiving({ experiment }: TargetRow): boolean {
  return !isFinal(experiment.state);
}
