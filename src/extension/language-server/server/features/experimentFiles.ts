/** Experiment files by themselves: keys and values with their documentation, what is wrong with them, and what mends it. */
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type Range,
} from "vscode-languageserver/node";
import type { Fix, Located } from "../../../../cluster/client/configuration/places.ts";
import { completeKeys } from "../experiment/completeKeys.ts";
import { completeValues } from "../experiment/completeValues.ts";
import { hoverText } from "../experiment/hovers.ts";
import { type Feature, SOURCE } from "../feature.ts";

export const experimentFiles: Feature = {
  name: "experiment files",

  diagnostics: ({ experiment }) =>
    experiment === null
      ? []
      : [
          ...experiment.problems.map((one) => diagnosticOf(one, DiagnosticSeverity.Error)),
          ...experiment.notes.map((one) => ({
            ...diagnosticOf(one, DiagnosticSeverity.Information),
            ...(one.severity === undefined ? { tags: [DiagnosticTag.Unnecessary] } : {}),
          })),
        ],

  completions: ({ document, offset }) => {
    const { experiment } = document;
    const typing = experiment?.typingAt(offset);
    if (!experiment || !typing) return [];
    const keys = typing.what === "key" || typing.canBeKey ? completeKeys(experiment, typing) : [];
    // A value may stand on the line below its key.
    return keys.length > 0 ? keys : completeValues(experiment, typing);
  },

  hover: ({ document, offset }) => {
    const found = document.experiment?.pathAt(offset);
    if (!document.experiment || !found) return null;
    const value = hoverText(document.experiment, found.path, found.what);
    return value === "" ? null : { contents: { kind: "markdown", value }, range: found.range };
  },

  actions: ({ uri, experiment }, _range, diagnostics) =>
    diagnostics.flatMap((diagnostic): CodeAction[] => {
      const fix = fixOf(diagnostic);
      const edits = (fix && experiment?.edits(fix, diagnostic.range)) ?? [];
      if (fix === null || edits.length === 0) return [];
      return [
        {
          title: fix.title,
          kind: CodeActionKind.QuickFix,
          diagnostics: [diagnostic],
          isPreferred: true,
          edit: { changes: { [uri]: edits } },
        },
      ];
    }),
};

/** The editor gives back what it was given. */
function fixOf({ data }: Diagnostic): Fix | null {
  const { fix } = (data ?? {}) as { fix?: Fix };
  return fix ?? null;
}

const SEVERITIES = { warning: DiagnosticSeverity.Warning, information: DiagnosticSeverity.Information };

export function diagnosticOf(located: Located, severity: DiagnosticSeverity): Diagnostic {
  return {
    range: rangeOf(located),
    message: located.message,
    severity: located.severity === undefined ? severity : SEVERITIES[located.severity],
    source: SOURCE,
    ...(located.fix ? { data: { fix: located.fix } } : {}),
  };
}

function rangeOf({ line, column, end }: Located): Range {
  const start = { line: line - 1, character: column - 1 };
  return { start, end: end ? { line: end.line - 1, character: end.column - 1 } : start };
}
