/** The settings of package.json, read where they are used. */
import * as vscode from "vscode";

const section = (scope?: vscode.ConfigurationScope): vscode.WorkspaceConfiguration =>
  vscode.workspace.getConfiguration("trainyard", scope);

/** Empty text means that the setting is not set. */
function text(name: string, scope?: vscode.ConfigurationScope): string | null {
  const value = section(scope).get<unknown>(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

export type NotificationKind = "finished" | "failed" | "nan";

export const settings = {
  python: (): string | null => text("python"),
  poolFolder: (): string | null => text("poolFolder"),
  /** Null: TRAINYARD_NODE_MIRROR, else nodejs.org. */
  nodeMirror: (): string | null => text("nodeMirror"),
  runtimePath: (): string | null => text("runtimePath"),
  /** Null: the server's own default, or TRAINYARD_CPU_SLOTS. */
  cpuSlots: (): number | null => {
    const found = section().inspect<number>("cpuSlots");
    const value = found?.globalValue;
    return typeof value === "number" && Number.isInteger(value) && value >= 1 ? value : null;
  },
  /** Null: TRAINYARD_PROBE_COMMAND, else the vendors' tools. */
  probeCommand: (): string | null => text("probeCommand"),
  restoreFolder: (scope?: vscode.Uri): string =>
    text("restoreFolder", scope) ?? "checkpoints/${experiment}-${trial}-step${step}",
  showInScripts: (what: "lenses" | "hints"): boolean => section().get<boolean>(`editor.${what}`, true),
  notify: (kind: NotificationKind): boolean => section().get<boolean>(`notifications.${kind}`, true),
};
