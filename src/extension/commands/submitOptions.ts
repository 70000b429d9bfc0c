/** Submit with Options: configuration, arguments, slots, one after the other; Escape ends it with nothing done. */
import path from "node:path";
import * as vscode from "vscode";
import type { Launcher } from "../../cluster/protocol/methods.ts";
import { loadClient } from "../pool/client.ts";
import { joinArguments, splitArguments } from "./arguments.ts";
import type { Script } from "./script.ts";
import type { ScriptOptions } from "./submitMemory.ts";

const STEPS = 3;

/** @param whenStarts a trial with so many slots, as a sentence; null where it is not known */
export async function askOptions(
  script: Script,
  last: ScriptOptions,
  whenStarts: (slots: number) => Promise<string | null>,
): Promise<ScriptOptions | undefined> {
  const title = (step: number): string => `Submit ${path.basename(script.file)} (${step}/${STEPS})`;
  const configuration = await askConfiguration(script, last, title(1));
  if (configuration === undefined) return undefined;
  const text = await vscode.window.showInputBox({
    title: title(2),
    prompt: "Arguments of the script",
    placeHolder: "--epochs 3 --lr 1e-3",
    value: joinArguments(last.arguments),
    ignoreFocusOut: true,
    validateInput: (value) => problemOf(() => splitArguments(value)),
  });
  if (text === undefined) return undefined;
  const slots = await vscode.window.showInputBox({
    title: title(3),
    // The editor checks a value only once it has changed.
    prompt: [
      "Slots (GPUs) of each trial; empty: as the configuration says, else 1; 0 runs without one.",
      await whenStarts(last.slots ?? 1),
    ].join(" "),
    value: last.slots === null ? "" : String(last.slots),
    ignoreFocusOut: true,
    validateInput: async (value) => {
      if (!/^\s*(\d{1,4})?\s*$/.test(value)) return "A whole number, or nothing.";
      const message = await whenStarts(value.trim() === "" ? 1 : Number(value));
      return message === null ? undefined : { message, severity: vscode.InputBoxValidationSeverity.Info };
    },
  });
  if (slots === undefined) return undefined;
  const launcher = Number(slots) > 1 ? await askLauncher(Number(slots), last) : "python";
  if (launcher === undefined) return undefined;
  return {
    arguments: splitArguments(text),
    slots: slots.trim() === "" ? null : Number(slots),
    launcher,
    configuration: configuration.value,
  };
}

async function askLauncher(slots: number, last: ScriptOptions): Promise<Launcher | undefined> {
  const items: (vscode.QuickPickItem & { value: Launcher })[] = [
    {
      label: "$(split-horizontal) torchrun",
      description: `${slots} processes, one for each slot`,
      value: "torchrun",
    },
    {
      label: "$(play) The script alone",
      description: `one process that sees all ${slots} slots`,
      value: "python",
    },
  ];
  if (last.launcher === "python" && (last.slots ?? 0) > 1) items.reverse();
  const picked = await vscode.window.showQuickPick(items, {
    title: "How shall it be started?",
    ignoreFocusOut: true,
  });
  return picked?.value;
}

interface ConfigurationItem extends vscode.QuickPickItem {
  value: ScriptOptions["configuration"] | "browse";
}

async function askConfiguration(
  script: Script,
  last: ScriptOptions,
  title: string,
): Promise<{ value: ScriptOptions["configuration"] } | undefined> {
  const client = await loadClient();
  const beside = await client.findConfiguration(script.file);
  const items: ConfigurationItem[] = [
    beside === null
      ? { label: "$(play) No configuration", description: "the script runs once", value: "auto" }
      : {
          label: `$(settings) ${path.basename(beside)}`,
          description: beside === script.file ? "the table [tool.trainyard] in it" : "beside the script",
          value: "auto",
        },
  ];
  if (last.configuration !== "auto" && last.configuration !== null)
    items.unshift({
      label: `$(history) ${path.basename(last.configuration.file)}`,
      description: `last time: ${vscode.workspace.asRelativePath(last.configuration.file)}`,
      value: last.configuration,
    });
  if (beside !== null)
    items.push({ label: "$(play) No configuration", description: "the script runs once", value: null });
  items.push({ label: "$(folder-opened) Another file...", value: "browse" });
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: "Which configuration?",
    ignoreFocusOut: true,
  });
  if (!picked) return undefined;
  if (picked.value !== "browse") return { value: picked.value };
  const [file] =
    (await vscode.window.showOpenDialog({
      defaultUri: vscode.Uri.file(path.dirname(script.file)),
      filters: { Configuration: ["yaml", "yml", "json", "py"] },
      openLabel: "Use",
    })) ?? [];
  return file && { value: { file: file.fsPath } };
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
