/** What a person writes on experiments and trials: names, labels, notes, stars. */
import * as vscode from "vscode";
import { notesUri } from "../editor/notes.ts";
import { experimentTitle } from "../views/labels.ts";
import { isSingle } from "../views/nodes.ts";
import type { TargetRow, Targets } from "./targets.ts";

/** Of the protocol; its schemas are not loaded for a command. */
const NAME_LENGTH = 250;
const LABEL_LENGTH = 50;
const LABELS = 50;

interface LabelItem extends vscode.QuickPickItem {
  /** Null: the row that asks for another. */
  value: string | null;
}

export class AnnotationCommands {
  readonly #targets: Targets;
  constructor(targets: Targets) {
    this.#targets = targets;
  }

  async rename(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Which one shall have another name?");
    if (!row) return;
    const { pool, experiment } = row;
    const trial = ownTrial(row);
    const name = trial ? (trial.name ?? "") : experiment.name;
    const answer = await vscode.window.showInputBox({
      title: trial ? `Rename trial ${trial.id}` : `Rename experiment #${experiment.id}`,
      ...(trial ? { placeHolder: `Empty: Trial ${trial.number}` } : {}),
      value: name,
      validateInput: (value) => {
        const isMissing = value.trim() === "" && !trial;
        return isMissing || value.trim().length > NAME_LENGTH
          ? `A name has 1 to ${NAME_LENGTH} characters.`
          : undefined;
      },
    });
    const wanted = answer?.trim();
    if (wanted === undefined || wanted === name) return;
    if (trial) await pool.call("trial/annotate", { trialId: trial.id, name: wanted === "" ? null : wanted });
    else await pool.call("experiment/rename", { experimentId: experiment.id, name: wanted });
  }

  async editLabels(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Whose labels shall be edited?");
    if (!row) return;
    const { experiment } = row;
    const trial = ownTrial(row);
    const of = trial ? `trial ${trial.id}` : experimentTitle(experiment);
    const own = (trial ?? experiment).labels;
    const known = labelsOf(row);
    const labels = known.length === 0 ? await askLabels(of, []) : await pickLabels(of, known, own);
    if (labels === undefined) return;
    if (trial) await row.pool.call("trial/annotate", { trialId: trial.id, labels });
    else await row.pool.call("experiment/annotate", { experimentId: experiment.id, labels });
  }

  async editNotes(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Whose notes shall be edited?");
    if (!row) return;
    const { pool, experiment } = row;
    const uri = notesUri(pool.id, { experimentId: experiment.id, trialId: ownTrial(row)?.id ?? null });
    await vscode.window.showTextDocument(uri, { preview: false });
  }

  async star(argument: unknown, starred: boolean): Promise<void> {
    const question = starred ? "Which trial shall have a star?" : "Which trial's star shall be taken away?";
    const target = await this.#targets.trial(argument, question, (trial) => trial.starred !== starred);
    if (target) await target.pool.call("trial/annotate", { trialId: target.trial.id, starred });
  }
}

/** The row of an experiment with one trial stands for both: what is written there is the experiment's. */
function ownTrial({ experiment, trial }: TargetRow): TargetRow["trial"] {
  return isSingle(experiment) ? null : trial;
}

/** All that are in use on its pool. */
function labelsOf({ pool: { mirror } }: TargetRow): string[] {
  const things = [...(mirror?.experiments.values() ?? []), ...(mirror?.trials.values() ?? [])];
  return [...new Set(things.flatMap(({ labels }) => labels))].sort((a, b) => a.localeCompare(b));
}

/** @returns undefined when it was left */
async function pickLabels(
  of: string,
  known: readonly string[],
  own: readonly string[],
): Promise<string[] | undefined> {
  const items: LabelItem[] = [
    { label: "$(add) New Label...", value: null, alwaysShow: true },
    ...known.map((label) => ({ label, value: label, picked: own.includes(label) })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: `Labels of ${of}`,
    placeHolder: "Pick its labels",
    canPickMany: true,
  });
  if (picked === undefined) return undefined;
  const labels = picked.flatMap(({ value }) => value ?? []);
  return labels.length === picked.length ? labels : askLabels(of, labels);
}

/** @param kept those that it has besides */
async function askLabels(of: string, kept: readonly string[]): Promise<string[] | undefined> {
  const merged = (value: string): string[] => [...new Set([...kept, ...splitLabels(value)])];
  const answer = await vscode.window.showInputBox({
    title: `New labels of ${of}`,
    prompt: "Separated by commas",
    validateInput: (value) => {
      if (splitLabels(value).some((label) => label.length > LABEL_LENGTH))
        return `A label has at most ${LABEL_LENGTH} characters.`;
      return merged(value).length > LABELS ? `There can be ${LABELS} labels.` : undefined;
    },
  });
  return answer === undefined ? undefined : merged(answer);
}

function splitLabels(text: string): string[] {
  return text
    .split(",")
    .map((label) => label.trim())
    .filter((label) => label !== "");
}
