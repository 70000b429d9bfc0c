/** Free Space: deletes checkpoints that nobody keeps, after showing what goes and how much comes back. */
import * as vscode from "vscode";
import type { SavePolicy } from "../../cluster/protocol/collection.ts";
import { DEFAULT_SAVE_POLICY } from "../../cluster/protocol/savePolicy.ts";
import { formatBytes, formatValue, plural } from "../format.ts";
import { withProgress } from "../progress.ts";
import { experimentTitle } from "../views/labels.ts";
import type { Targets } from "./targets.ts";
import { parseWhole } from "./wholeNumbers.ts";

const MOST = 1_000_000;
/** Checkpoints that the question names. */
const NAMED = 8;

const CHOICES: readonly (vscode.QuickPickItem & { policy: SavePolicy | null })[] = [
  {
    label: "Keep the best and the newest of each trial",
    description: "each trial can be restored, and go on",
    policy: DEFAULT_SAVE_POLICY,
  },
  {
    label: "Keep the best of each trial",
    policy: { experimentBest: 0, trialBest: 1, trialLatest: 0 },
  },
  {
    label: "Keep the best of the experiment alone",
    policy: { experimentBest: 1, trialBest: 0, trialLatest: 0 },
  },
  { label: "Choose how many...", policy: null },
];

export class FreeSpaceCommands {
  readonly #targets: Targets;
  constructor(targets: Targets) {
    this.#targets = targets;
  }

  async free(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Whose checkpoints shall be deleted?");
    if (!row) return;
    const { pool, experiment } = row;
    const title = `Free space of ${experimentTitle(experiment)}`;
    const picked = await vscode.window.showQuickPick(CHOICES, {
      title,
      placeHolder: "What is pinned, or goes on from a checkpoint, keeps it in any case",
    });
    const policy = picked && (picked.policy ?? (await askPolicy(title)));
    if (!policy) return;
    const asked = { experimentId: experiment.id, policy };
    const found = await withProgress("Looking at the checkpoints", (signal) =>
      pool.call("checkpoint/collect", { ...asked, confirm: false }, signal),
    );
    if (found.count === 0) {
      void vscode.window.showInformationMessage(
        `Nothing goes: ${found.kept === 0 ? "there are no checkpoints" : `all ${plural(found.kept, "checkpoint")} are kept`}.`,
      );
      return;
    }
    const named = found.checkpoints
      .slice(0, NAMED)
      .map(
        ({ trialId, step, bytes }) => `trial ${trialId}, step ${formatValue(step)} (${formatBytes(bytes)})`,
      );
    const more = found.count > named.length ? [`and ${found.count - named.length} more`] : [];
    const yes = `Delete ${plural(found.count, "Checkpoint")}`;
    const answer = await vscode.window.showWarningMessage(
      `Delete ${plural(found.count, "checkpoint")} of ${found.count + found.kept}?`,
      {
        modal: true,
        detail: `${formatBytes(found.bytes)} come back on the disk of ${pool.name}. This cannot be undone; what was restored stays.\n\n${[...named, ...more].join("\n")}`,
      },
      yes,
    );
    if (answer !== yes) return;
    const done = await withProgress("Deleting checkpoints", (signal) =>
      pool.call("checkpoint/collect", { ...asked, confirm: true }, signal),
    );
    vscode.window.setStatusBarMessage(
      `Deleted ${plural(done.count, "checkpoint")}: ${formatBytes(done.bytes)} are free again`,
      5000,
    );
  }
}

async function askPolicy(title: string): Promise<SavePolicy | undefined> {
  const experimentBest = await askCount(title, "Of the best of the experiment", 0);
  const trialBest =
    experimentBest === undefined ? undefined : await askCount(title, "Of the best of each trial", 1);
  const trialLatest =
    trialBest === undefined ? undefined : await askCount(title, "Of the newest of each trial", 1);
  if (experimentBest === undefined || trialBest === undefined || trialLatest === undefined) return undefined;
  return { experimentBest, trialBest, trialLatest };
}

async function askCount(title: string, which: string, value: number): Promise<number | undefined> {
  const answer = await vscode.window.showInputBox({
    title,
    prompt: `${which}, how many shall stay?`,
    value: String(value),
    validateInput: (text) => (parseWhole(text, 0, MOST) === null ? "A whole number is needed." : undefined),
  });
  return answer === undefined ? undefined : (parseWhole(answer, 0, MOST) ?? undefined);
}
