/** Composition root of the language server, a process of its own beside the editor's: it only wires. */
import { type Connection, TextDocuments } from "vscode-languageserver/node";
import type { EditorState, ToExtension, ToServer } from "../contract.ts";
import { openDocuments } from "./documents.ts";
import { experimentFiles } from "./features/experimentFiles.ts";
import { ofScripts } from "./features/ofScripts.ts";
import { searchOver } from "./features/searchOver.ts";
import { navigation } from "./features/navigation.ts";
import { renaming } from "./features/rename.ts";
import { submitLens } from "./features/submitLens.ts";
import { serve } from "./serve.ts";
import { Workspace } from "./workspace.ts";

export function startServer(connection: Connection): void {
  const documents = new TextDocuments(openDocuments((file) => workspace.isChosen(file)));
  const workspace: Workspace = new Workspace(
    documents,
    <M extends keyof ToExtension>(method: M, params: ToExtension[M][0]) =>
      connection.sendRequest<ToExtension[M][1]>(method, params),
  );
  const server = serve(connection, documents, [
    experimentFiles,
    submitLens(workspace),
    ofScripts(workspace),
    navigation(workspace),
    renaming(workspace),
    searchOver(workspace),
  ]);

  connection.onNotification("trainyard/state", (state: EditorState) => {
    workspace.state = state;
    server.refresh();
  });
  connection.onNotification("trainyard/historyChanged", (_changed: ToServer["trainyard/historyChanged"]) => {
    workspace.forgetAnswers();
    server.refresh();
  });
  documents.listen(connection);
  connection.listen();
}
