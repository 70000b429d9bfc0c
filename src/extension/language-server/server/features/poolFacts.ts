/** What the pools know of an experiment file: their slots, their names, the trials and checkpoints to start from. */
import { CompletionItemKind } from "vscode-languageserver/node";
import type { Feature } from "../feature.ts";
import { dataPoolMarks, isPoolsPath } from "../pools/dataPools.ts";
import { marked } from "../pools/mark.ts";
import { resourceMarks } from "../pools/resources.ts";
import {
  checkpointItems,
  SOURCE_CHECKPOINT,
  SOURCE_TRIAL,
  sourceCheckpointMarks,
  sourceTrialMarks,
  trialItems,
} from "../pools/sources.ts";
import type { Workspace } from "../workspace.ts";

export const poolFacts = (workspace: Workspace): Feature => ({
  name: "what pools know",

  diagnostics: async ({ experiment }) => {
    if (experiment === null) return [];
    const { state } = workspace;
    return marked(experiment, [
      ...resourceMarks(experiment.value, state),
      ...dataPoolMarks(experiment, state),
      ...sourceTrialMarks(experiment.value, state),
      ...(await sourceCheckpointMarks(experiment.value, workspace)),
    ]);
  },

  completions: async ({ document: { experiment }, offset }) => {
    const typing = experiment?.typingAt(offset);
    if (!experiment || !typing) return [];
    const { state } = workspace;
    if (typing.what === "key") {
      if (!isPoolsPath(typing.path)) return [];
      return state.pools
        .filter(({ id }) => !typing.present.includes(id))
        .map(({ id, name, isConnected }) => ({
          label: id,
          kind: CompletionItemKind.Reference,
          detail: `${name === id ? "a pool" : name}${isConnected ? "" : ", not connected"}`,
          textEdit: { range: typing.range, newText: experiment.keyText(id) },
        }));
    }
    if (String(typing.path) === String(SOURCE_TRIAL)) return trialItems(state, typing);
    if (String(typing.path) === String(SOURCE_CHECKPOINT)) return checkpointItems(workspace, typing);
    return [];
  },
});
