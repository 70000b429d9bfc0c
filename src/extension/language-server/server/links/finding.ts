/** What is wrong between an experiment file and its script, with what would mend it. Pure. */
import { type Diagnostic, DiagnosticSeverity, type Range } from "vscode-languageserver/node";
import type { Fix } from "../../../../cluster/client/configuration/places.ts";
import { SOURCE } from "../feature.ts";

export interface Finding {
  readonly range: Range;
  readonly message: string;
  readonly fix: Fix | null;
}

/** Its fix is offered with those of the file by itself (features/experimentFiles.ts). */
export function diagnosticOf({ range, message, fix }: Finding): Diagnostic {
  const severity = DiagnosticSeverity.Warning;
  return { range, message, severity, source: SOURCE, ...(fix ? { data: { fix } } : {}) };
}
