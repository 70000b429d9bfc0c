/** A diagnostic at a place of an experiment, with what would put it right there. Pure. */
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  type DiagnosticSeverity,
} from "vscode-languageserver/node";
import type { ExperimentDocument, Path } from "../experiment/document.ts";
import { SOURCE } from "../feature.ts";

/** `data` of a diagnostic of ours: what stands in its range is replaced. */
interface Instead {
  readonly instead: { readonly title: string; readonly text: string };
}

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
    const data: Instead | undefined =
      instead === null ? undefined : { instead: { title: `Change to ${instead}`, text: instead } };
    return [{ range, message, severity, source: SOURCE, ...(data && { data }) }];
  });
}

export function fixesOf(uri: string, diagnostics: readonly Diagnostic[]): CodeAction[] {
  return diagnostics.flatMap((diagnostic) => {
    const { instead } = (diagnostic.data ?? {}) as Partial<Instead>;
    return instead === undefined
      ? []
      : [
          {
            title: instead.title,
            kind: CodeActionKind.QuickFix,
            isPreferred: true,
            diagnostics: [diagnostic],
            edit: { changes: { [uri]: [{ range: diagnostic.range, newText: instead.text }] } },
          },
        ];
  });
}

/** What stands at a path of a value; undefined where there is nothing. Only own keys: names are a person's. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (found, part) =>
      typeof found === "object" && found !== null && Object.hasOwn(found, part)
        ? (found as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );
}
