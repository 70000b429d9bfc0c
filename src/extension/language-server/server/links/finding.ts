/** What is wrong between an experiment file and its script, with what would mend it. Pure. */
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  DiagnosticSeverity,
  type Range,
  type TextEdit,
} from "vscode-languageserver/node";
import { SOURCE } from "../feature.ts";

/** Of the document that is complained about. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

export interface Finding {
  readonly range: Range;
  readonly message: string;
  readonly fixes: readonly Fix[];
}

/** A diagnostic's `data`. */
interface Data {
  readonly room: "links";
  readonly fixes: readonly Fix[];
}

export function diagnosticOf({ range, message, fixes }: Finding): Diagnostic {
  const data: Data = { room: "links", fixes };
  return { range, message, severity: DiagnosticSeverity.Warning, source: SOURCE, data };
}

export function fixesOf(uri: string, diagnostics: readonly Diagnostic[]): CodeAction[] {
  return diagnostics.flatMap((diagnostic) => {
    const data = diagnostic.data as Partial<Data> | undefined;
    if (data?.room !== "links") return [];
    return (data.fixes ?? []).map(({ title, edits }, at) => ({
      title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [diagnostic],
      isPreferred: at === 0,
      edit: { changes: { [uri]: [...edits] } },
    }));
  });
}
