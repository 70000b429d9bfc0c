/** Experiment files by themselves: keys and values with their documentation, and what is wrong with them. */
import {
  CompletionItemKind,
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type Range,
} from "vscode-languageserver/node";
import type { Located } from "../../../../cluster/client/configuration/source.ts";
import { type Schema, schemasAt } from "../experiment/schema.ts";
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
            tags: [DiagnosticTag.Unnecessary],
          })),
        ],

  completions: ({ document, offset }) => {
    const { experiment } = document;
    const typing = experiment?.typingAt(offset);
    if (!experiment || typing?.what !== "key") return [];
    const properties = schemasAt(typing.path).flatMap((one) => Object.entries(one.properties ?? {}));
    return properties
      .filter(([key]) => !typing.present.includes(key))
      .map(([key, schema]) => ({
        label: key,
        kind: CompletionItemKind.Property,
        textEdit: { range: typing.range, newText: experiment.keyText(key) },
        documentation: { kind: "markdown" as const, value: describe(schema) },
      }));
  },

  hover: ({ document, offset }) => {
    const found = document.experiment?.pathAt(offset);
    if (found?.what !== "key") return null;
    const value = schemasAt(found.path)
      .map(describe)
      .find((text) => text !== "");
    return value === undefined ? null : { contents: { kind: "markdown", value }, range: found.range };
  },
};

function describe({ description = "", default: standard }: Schema): string {
  const said = standard === undefined ? "" : `Default: \`${JSON.stringify(standard)}\``;
  return [description, said].filter((text) => text !== "").join("\n\n");
}

export function diagnosticOf(located: Located, severity: DiagnosticSeverity): Diagnostic {
  return { range: rangeOf(located), message: located.message, severity, source: SOURCE };
}

function rangeOf({ line, column, end }: Located): Range {
  const start = { line: line - 1, character: column - 1 };
  return {
    start,
    end: end ? { line: end.line - 1, character: end.column - 1 } : { ...start, character: column },
  };
}
