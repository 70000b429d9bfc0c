/** Entry of the language server's process. */
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { loadPython } from "./python/parser.ts";
import { startServer } from "./server.ts";

startServer(createConnection(ProposedFeatures.all));
// While the editor introduces itself. Who needs it hears of what went wrong.
loadPython().catch(() => undefined);
