/** The list that a click on a run opens: its checkpoints, best first; Enter restores. */
import * as vscode from "vscode";
import type { Checkpoint, Experiment, Trial } from "../../cluster/protocol/entities.ts";
import { messageOf } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { experimentTitle, metricName } from "../views/labels.ts";
import { isSingle } from "../views/nodes.ts";
import { checkpointRows, explainMetric, metricsOf, type CheckpointRow } from "./checkpointRows.ts";

export type RestoreChoice = "restore" | "withCode" | "resume" | "copyPath" | "pin" | "unpin";

const BUTTONS = {
  withCode: { iconPath: new vscode.ThemeIcon("git-branch"), tooltip: "Restore with the code that made it" },
  resume: { iconPath: new vscode.ThemeIcon("debug-rerun"), tooltip: "Resume From Here as New Experiment" },
  copyPath: { iconPath: new vscode.ThemeIcon("copy"), tooltip: "Copy Path" },
  pin: { iconPath: new vscode.ThemeIcon("pin"), tooltip: "Pin: kept whatever is cleaned up" },
  unpin: { iconPath: new vscode.ThemeIcon("pinned"), tooltip: "Unpin" },
} as const satisfies Record<Exclude<RestoreChoice, "restore">, vscode.QuickInputButton>;
const CHANGE_METRIC: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("settings-gear"),
  tooltip: "Change what best means",
};

type Item = vscode.QuickPickItem & { row: CheckpointRow };

/** Stays open while rows are pinned or copied; resolves with what ends it, or undefined. */
export async function pickCheckpoint(
  pool: Pool,
  experiment: Experiment,
  trial: Trial,
  onChoice: (choice: RestoreChoice, checkpoint: Checkpoint) => Promise<unknown>,
): Promise<{ choice: RestoreChoice; checkpoint: Checkpoint } | undefined> {
  const pick = vscode.window.createQuickPick<Item>();
  const title = isSingle(experiment)
    ? experimentTitle(experiment)
    : `trial ${trial.id} of ${experiment.name}`;
  pick.title = `Restore a checkpoint of ${title}`;
  pick.matchOnDescription = true;
  const update = (): void => {
    const current = pool.mirror?.experiments.get(experiment.id) ?? experiment;
    const selected = pick.activeItems[0]?.row.checkpoint.uuid;
    const rows = checkpointRows(pool.mirror?.checkpointsOf(trial.id) ?? [], current.metric, Date.now());
    pick.placeholder = `Enter restores. ${explainMetric(current.metric)}.`;
    pick.buttons = rows.some(({ checkpoint }) => Object.keys(checkpoint.metrics).length > 0)
      ? [CHANGE_METRIC]
      : [];
    pick.items = rows.map((row) => itemOf(row));
    const active = pick.items.find(({ row }) => row.checkpoint.uuid === selected) ?? pick.items[0];
    if (active) pick.activeItems = [active];
  };
  update();
  let isChangingMetric = false;
  const subscriptions = [
    pool.onDidChange((change) => {
      if (change.everything || change.trials.has(trial.id) || change.experiments.has(experiment.id)) update();
    }),
  ];
  try {
    return await new Promise((resolve) => {
      subscriptions.push(
        pick.onDidAccept(() => {
          const checkpoint = pick.activeItems[0]?.row.checkpoint;
          resolve(checkpoint && { choice: "restore", checkpoint });
        }),
        pick.onDidHide(() => isChangingMetric || resolve(undefined)),
        pick.onDidTriggerButton(() => {
          // The other list takes this one's place for a while.
          isChangingMetric = true;
          void changeMetric(pool, pool.mirror?.experiments.get(experiment.id) ?? experiment, trial)
            .catch((error: unknown) => vscode.window.showErrorMessage(messageOf(error)))
            .then(() => {
              isChangingMetric = false;
              pick.show();
            });
        }),
        pick.onDidTriggerItemButton(({ item, button }) => {
          const { checkpoint } = item.row;
          const choice = choiceOf(button);
          if (choice === "withCode" || choice === "resume") resolve({ choice, checkpoint });
          else
            void onChoice(choice, checkpoint).catch((error: unknown) =>
              vscode.window.showErrorMessage(messageOf(error)),
            );
        }),
      );
      pick.show();
    });
  } finally {
    vscode.Disposable.from(...subscriptions, pick).dispose();
  }
}

function itemOf(row: CheckpointRow): Item {
  return {
    label: row.label,
    description: row.description,
    detail: row.detail,
    buttons: [
      BUTTONS.withCode,
      BUTTONS.resume,
      BUTTONS.copyPath,
      row.checkpoint.pinned ? BUTTONS.unpin : BUTTONS.pin,
    ],
    row,
  };
}

function choiceOf(button: vscode.QuickInputButton): Exclude<RestoreChoice, "restore"> {
  for (const [choice, known] of Object.entries(BUTTONS))
    if (known.tooltip === button.tooltip) return choice as Exclude<RestoreChoice, "restore">;
  return "copyPath";
}

/** A person's choice holds for the experiment from then on. */
export async function changeMetric(pool: Pool, experiment: Experiment, trial: Trial): Promise<void> {
  const metrics = metricsOf(pool.mirror?.checkpointsOf(trial.id) ?? []);
  const items = metrics.flatMap(({ group, name }) =>
    [true, false].map((smallerIsBetter) => ({
      label: `${metricName({ name })}, ${smallerIsBetter ? "smaller" : "larger"} is better`,
      description: group,
      choice: { group, name, smallerIsBetter },
    })),
  );
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: "Which metric says which checkpoint is best?",
  });
  if (picked) await pool.call("experiment/setMetric", { experimentId: experiment.id, ...picked.choice });
}
