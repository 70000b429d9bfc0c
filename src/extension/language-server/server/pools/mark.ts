/** A diagnostic at a place of an experiment; its fix is offered with those of the file by itself (features/experimentFiles.ts). Pure. */
import type { Diagnostic, DiagnosticSeverity } from "vscode-languageserver/node";
import type { Fix } from "../../../../cluster/client/configuration/places.ts";
import type { ExperimentDocument, Path } from "../experiment/document.ts";
import { SOURCE } from "../feature.ts";

export interface Mark {
  readonly path: Path;
  readonly what: "key" | "value";
  readonly severity: DiagnosticSeverity;
  readonly message: string;
  /** What is probably meant, in the document's syntax. */
  readonly instead?: string | null;
}

/** Nothing where the document has no such place (a value that an alias stands for). */
export function marked(experiment: ExperimentDocument, marks: readonly Mark[]): Diagnostic[] {
  return marks.flatMap(({ path, what, severity, message, instead = null }) => {
    const range = experiment.rangeOf(path, what);
    if (range === null) return [];
    const fix: Fix | null = instead === null ? null : { title: `Change to ${instead}`, replace: instead };
    return [{ range, message, severity, source: SOURCE, ...(fix && { data: { fix } }) }];
  });
}
