/** Composition root of the language server, a process of its own beside the editor's: it only wires. */
import { type Connection, TextDocuments } from "vscode-languageserver/node";
import type { EditorState, ToExtension, ToServer } from "../contract.ts";
import { openDocuments } from "./documents.ts";
import { experimentFiles } from "./features/experimentFiles.ts";
import { ofScripts } from "./features/ofScripts.ts";
import { searchOver } from "./features/searchOver.ts";
import { navigation } from "./features/navigation.ts";
import { poolFacts } from "./features/poolFacts.ts";
import { resultHints } from "./features/resultHints.ts";
import { resultHovers } from "./features/resultHovers.ts";
import { runProblems } from "./features/runProblems.ts";
import { searchCost } from "./features/searchCost.ts";
import { renaming } from "./features/rename.ts";
import { submitLens } from "./features/submitLens.ts";
import { unseeded } from "./features/unseeded.ts";
import { workspacePaths } from "./features/workspacePaths.ts";
import { Results } from "./results/results.ts";
import { serve, type Served } from "./serve.ts";
import { Workspace } from "./workspace.ts";

/** Who types does not wait longer for what a pool knows. */
const MOMENT_MS = 20;

export function startServer(connection: Connection, { momentMs = MOMENT_MS } = {}): void {
  const documents = new TextDocuments(openDocuments((file) => workspace.isChosen(file)));
  const workspace: Workspace = new Workspace(
    documents,
    <M extends keyof ToExtension>(method: M, params: ToExtension[M][0]) =>
      connection.sendRequest<ToExtension[M][1]>(method, params),
  );
  const results: Results = new Results(workspace, momentMs, () => server.refresh());
  const server: Served = serve(connection, documents, [
    experimentFiles,
    ofScripts(workspace),
    poolFacts(workspace),
    workspacePaths(workspace),
    navigation(workspace),
    renaming(workspace),
    searchOver(workspace),
    searchCost(workspace),
    submitLens(workspace, results),
    resultHints(workspace, results),
    resultHovers(workspace, results),
    runProblems(workspace, results, () => server.refresh()),
    unseeded(workspace),
  ]);

  connection.onNotification("trainyard/state", (state: EditorState) => {
    const before = workspace.state;
    workspace.state = state;
    // While a search runs its trials are told twice a second: what is drawn from history is told to be another by itself.
    if (withoutExperiments(before) === withoutExperiments(state)) server.diagnoseAll();
    else server.refresh();
  });
  connection.onNotification("trainyard/historyChanged", (_changed: ToServer["trainyard/historyChanged"]) => {
    workspace.forgetAnswers();
    server.refresh();
  });
  documents.listen(connection);
  connection.listen();
}

function withoutExperiments({ pools, ...rest }: EditorState): string {
  return JSON.stringify([rest, pools.map(({ experiments: _, ...pool }) => pool)]);
}
