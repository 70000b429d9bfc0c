/** Filter Experiments...: the tree follows what is typed. */
import * as vscode from "vscode";
import { filterProblem } from "../../cluster/protocol/textFilter.ts";
import type { ExperimentsTree } from "../views/experimentsTree.ts";

/** A pause in typing. */
const SETTLED_MS = 150;

/** @param argument a filter as text, for who calls it without asking a person */
export async function filterExperiments(tree: ExperimentsTree, argument: unknown): Promise<void> {
  if (typeof argument === "string") return tree.setText(argument);
  const before = tree.filter.text;
  const input = vscode.window.createInputBox();
  input.title = "Filter Experiments";
  input.placeholder = "digits state:failed lr<0.01 loss<0.2 -sgd";
  input.prompt =
    "Words that all must hold, of an experiment and one of its trials: name, label, script, state, parameters. Enter keeps the filter, Escape goes back.";
  input.value = before;
  let timer: NodeJS.Timeout | undefined;
  const apply = (): void => {
    clearTimeout(timer);
    const problem = filterProblem(input.value);
    input.validationMessage = problem ?? "";
    if (problem === null) tree.setText(input.value);
  };
  try {
    await new Promise<void>((resolve) => {
      let isKept = false;
      input.onDidChangeValue(() => {
        clearTimeout(timer);
        timer = setTimeout(apply, SETTLED_MS);
      });
      input.onDidAccept(() => {
        apply();
        if (input.validationMessage !== "") return;
        isKept = true;
        input.hide();
      });
      input.onDidHide(() => {
        if (!isKept) tree.setText(before);
        resolve();
      });
      input.show();
    });
  } finally {
    clearTimeout(timer);
    input.dispose();
  }
}
