/** Where trials start from: `searcher.source_trial_id` and `source_checkpoint_uuid`, as the chosen pool knows them. */
import { type CompletionItem, CompletionItemKind, DiagnosticSeverity } from "vscode-languageserver/node";
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { countText, numberText } from "../../../../cluster/client/numberWords.ts";
import type { CheckpointFacts, EditorState, PoolFacts } from "../../contract.ts";
import type { Path, Typing } from "../experiment/document.ts";
import type { Workspace } from "../workspace.ts";
import type { Mark } from "./mark.ts";

export const SOURCE_TRIAL: Path = ["searcher", "source_trial_id"];
export const SOURCE_CHECKPOINT: Path = ["searcher", "source_checkpoint_uuid"];
const TRIAL_ID = /^(\d{1,9})\.(\d{1,9})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function sourceTrialMarks(value: unknown, state: EditorState): Mark[] {
  const trialId = valueAt(value, SOURCE_TRIAL);
  const pool = chosenPool(state);
  if (typeof trialId !== "string" || pool?.isConnected !== true) return [];
  const found = TRIAL_ID.exec(trialId);
  if (!found) return []; // the schema has the words for it
  const [experimentId, number] = [Number(found[1]), Number(found[2])];
  const experiment = pool.experiments.find(({ id }) => id === experimentId);
  const message = experiment
    ? number >= 1 && number <= experiment.trialsMade
      ? null
      : `Experiment ${experimentId} has ${countText(experiment.trialsMade, "trial")}: there is no ${trialId}.`
    : pool.hasMore
      ? null
      : `${pool.name} has no experiment ${experimentId}, so there is no trial ${trialId} to start from.`;
  return message === null
    ? []
    : [{ path: SOURCE_TRIAL, what: "value", severity: DiagnosticSeverity.Error, message }];
}

export async function sourceCheckpointMarks(value: unknown, workspace: Workspace): Promise<Mark[]> {
  const uuid = valueAt(value, SOURCE_CHECKPOINT);
  const pool = chosenPool(workspace.state);
  if (typeof uuid !== "string" || pool?.isConnected !== true) return [];
  const known = UUID.test(uuid) ? await workspace.ask("trainyard/checkpoints", { prefix: uuid }) : [];
  if (known === null || known.length > 0) return [];
  const message = UUID.test(uuid)
    ? `${pool.name} has no checkpoint ${uuid}.`
    : "A checkpoint's uuid has 32 hexadecimal digits in five groups.";
  return [{ path: SOURCE_CHECKPOINT, what: "value", severity: DiagnosticSeverity.Error, message }];
}

export function trialItems(state: EditorState, typing: Typing): CompletionItem[] {
  const pool = chosenPool(state);
  return (pool?.experiments ?? []).flatMap((experiment, order) =>
    experiment.trials.map(({ id, state: how, best }, place) =>
      valueItem(typing, id, [order, place], {
        detail: `${experiment.name}, ${how}${best === null ? "" : `, best ${numberText(best)}`}`,
      }),
    ),
  );
}

export async function checkpointItems(workspace: Workspace, typing: Typing): Promise<CompletionItem[]> {
  const prefix = typing.text.replace(/["']/g, "").trim();
  const found = (await workspace.ask("trainyard/checkpoints", { prefix })) ?? [];
  return found.map((one, order) =>
    valueItem(typing, one.uuid, [order], {
      detail: `step ${numberText(one.step)} of trial ${one.trialId}`,
      ...documented(one),
    }),
  );
}

function documented({ createdAt, metrics }: CheckpointFacts): Pick<CompletionItem, "documentation"> {
  const lines = Object.entries(metrics)
    .slice(0, 10)
    .map(([name, value]) => `${name}: ${numberText(value)}`);
  return { documentation: [new Date(createdAt).toLocaleString(), ...lines].join("\n") };
}

/** A string that is quoted in both syntaxes: 12.10 without them is 12.1. */
function valueItem(
  typing: Typing,
  text: string,
  order: readonly number[],
  more: Partial<CompletionItem>,
): CompletionItem {
  const newText = JSON.stringify(text);
  return {
    label: text,
    kind: CompletionItemKind.Reference,
    // The editor filters by what stands in the range, quotes and all.
    filterText: /^["']/.test(typing.text) ? `${typing.text.slice(0, 1)}${text}` : text,
    sortText: order.map((one) => String(one).padStart(6, "0")).join(" "),
    textEdit: { range: typing.range, newText },
    ...more,
  };
}

function chosenPool({ pools, chosenPool: id }: EditorState): PoolFacts | undefined {
  return pools.find((pool) => pool.id === id);
}
