/** Asked once for a large folder: send it all, or leave something out. */
import * as vscode from "vscode";
import type { SnapshotPlan } from "../../cluster/client/snapshot/plan.ts";
import { formatBytes, plural } from "../format.ts";
import { loadClient } from "../pool/client.ts";

type SizeItem = vscode.QuickPickItem & { leaveOut: string | null };

/** In the form that submitExperiment() asks it. */
export async function askAboutSize(plan: SnapshotPlan): Promise<"go" | "planAgain" | "cancel"> {
  const client = await loadClient();
  const size = `${plural(plan.files, "file")}, ${formatBytes(plan.bytes)}`;
  const folders = client.largestFolders(plan, 8);
  const send: SizeItem = {
    label: `$(cloud-upload) Send all: ${size}`,
    description: "not asked again until either doubles",
    alwaysShow: true,
    leaveOut: null,
  };
  const separator: SizeItem = {
    label: "Largest: leave out",
    kind: vscode.QuickPickItemKind.Separator,
    leaveOut: null,
  };
  const picked = await vscode.window.showQuickPick<SizeItem>(
    [
      send,
      separator,
      ...folders.map((folder): SizeItem => ({
        label: `$(circle-slash) Leave out ${folder.path}`,
        description: `${formatBytes(folder.bytes)}, ${plural(folder.files, "file")}`,
        leaveOut: folder.path,
      })),
    ],
    {
      title: `The snapshot is large: ${size}`,
      placeHolder: "Data is better left out and linked: a run sees it where it is.",
      ignoreFocusOut: true,
    },
  );
  if (!picked) return "cancel";
  if (picked.leaveOut === null) {
    await client.confirmSize(plan);
    return "go";
  }
  await client.leaveOut(plan, picked.leaveOut);
  return "planAgain";
}
