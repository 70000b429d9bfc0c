/** Connects at the start where there may be something to tell, and starts no server for a folder that never trained. */
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { localPaths } from "../../cluster/client/localPaths.ts";
import { settings } from "../settings.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import type { Pool } from "./pool.ts";

/** Set once an experiment of this workspace was seen, wherever it was submitted. */
const USED_KEY = "trainyard.used";

export function wakeIfUsed(context: vscode.ExtensionContext, pool: Pool): void {
  const { workspaceState } = context;
  if (workspaceState.get(USED_KEY, false)) {
    pool.wake();
    return;
  }
  const seen = pool.onDidChange((change) => {
    const experiments = pool.mirror?.experiments;
    const folders = new WorkspaceFolders(vscode.workspace.workspaceFolders);
    const isOwn = (id: number): boolean => {
      const experiment = experiments?.get(id);
      return experiment !== undefined && folders.has(experiment);
    };
    if (![...(change.everything ? (experiments?.keys() ?? []) : change.experiments)].some(isOwn)) return;
    void workspaceState.update(USED_KEY, true);
    seen.dispose();
  });
  context.subscriptions.push(seen);
  // The command line may have submitted from here: a server that is there says so.
  if (isServerThere(settings.poolFolder())) pool.wake();
}

/** A few looks at the disk, without loading the client. Makes nothing. */
function isServerThere(home: string | null): boolean {
  const folder = home ?? (process.env.TRAINYARD_HOME || path.join(os.homedir(), ".trainyard"));
  if (!existsSync(path.join(folder, "state"))) return false;
  const { socket, otherSockets } = localPaths(home);
  return [socket, ...otherSockets].some((place) => existsSync(place));
}
