/** The interpreters of a pool's host, to choose one of them. */
import * as vscode from "vscode";
import type { ListedInterpreter } from "../../cluster/client/environment/prepare.ts";
import { interpreterRows, pathProblem } from "./environmentWords.ts";

interface Item extends vscode.QuickPickItem {
  choice: { path: string } | "type" | "forget" | null;
}

const TYPE: Item = { label: "$(edit) Enter a Path...", alwaysShow: true, choice: "type" };
const FORGET: Item = {
  label: "$(discard) Forget the Choice",
  description: "the pool finds one by itself again",
  choice: "forget",
};

/** @returns a path there, or a name; null to forget what was chosen; undefined when the person thought better of it */
export async function pickInterpreter(
  host: string,
  list: (signal: AbortSignal) => Promise<readonly ListedInterpreter[]>,
  { canForget }: { canForget: boolean },
): Promise<string | null | undefined> {
  const looking = new AbortController();
  const pick = vscode.window.createQuickPick<Item>();
  pick.title = `Python on ${host}`;
  pick.placeholder = "Looking for the interpreters there...";
  pick.busy = true;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.ignoreFocusOut = true;
  pick.items = [TYPE];
  let choice: Item["choice"] | undefined;
  try {
    choice = await new Promise((resolve, reject) => {
      pick.onDidAccept(() => {
        const item = pick.selectedItems[0];
        if (item) resolve(item.choice);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
      list(looking.signal).then((found) => {
        const items = interpreterRows(found).map(({ path, ...row }): Item => ({ ...row, choice: { path } }));
        const forget = canForget && found.some(({ chosen }) => chosen) ? [FORGET] : [];
        const separator = { label: "Found there", kind: vscode.QuickPickItemKind.Separator, choice: null };
        pick.items = [TYPE, ...forget, separator, ...items];
        pick.activeItems = items.slice(0, 1);
        pick.placeholder =
          items.length === 0 ? "None was found there" : "Which one shall this folder's scripts run with?";
        pick.busy = false;
      }, reject);
    });
  } finally {
    looking.abort();
    pick.dispose();
  }
  if (choice === "forget") return null;
  if (choice === "type") return askPath(host);
  return choice?.path;
}

async function askPath(host: string): Promise<string | undefined> {
  const typed = await vscode.window.showInputBox({
    title: `Python on ${host}`,
    prompt: "An interpreter there, the folder of an environment, or a name on its PATH",
    placeHolder: "~/miniconda3/envs/train",
    ignoreFocusOut: true,
    validateInput: (value) => pathProblem(value, host),
  });
  return typed?.trim() || undefined;
}
