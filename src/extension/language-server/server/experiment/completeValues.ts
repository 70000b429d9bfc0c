/** Values that may be written at a place. Pure. */
import {
  type CompletionItem,
  CompletionItemKind,
  InsertTextFormat,
  InsertTextMode,
} from "vscode-languageserver/node";
import { searcherOf } from "../../../../cluster/client/configuration/findNotes.ts";
import { schemasAt } from "../../../../cluster/client/configuration/jsonSchema.ts";
import { isMapping, valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { findSearcher } from "../../../../cluster/search/searchers.ts";
import { HYPERPARAMETER_TYPES } from "../../../../cluster/search/space.ts";
import type { ExperimentDocument, Path, Typing } from "./document.ts";
import { partsOfType } from "./snippets.ts";
import { examplesOf, wordsOf } from "./valueWords.ts";
import { valueText } from "./written.ts";

export function completeValues(document: ExperimentDocument, typing: Typing): CompletionItem[] {
  const { path } = typing;
  if (path[0] === "hyperparameters")
    return path.length > 2 && path.at(-1) === "type" ? typeItems(document, typing) : [];
  return valuesAt(path)
    .filter(({ value }) => document.syntax === "yaml" || value !== null)
    .map(({ value, isDefault }, index) => item(document, typing, value, isDefault, index));
}

interface Offered {
  readonly value: Json;
  readonly isDefault: boolean;
}

function valuesAt(path: Path): Offered[] {
  const found = new Map<string, Offered>();
  const offer = (value: unknown, isDefault = false): void => {
    const key = JSON.stringify(value);
    if (isOffered(path, value) && !found.has(key)) found.set(key, { value: value as Json, isDefault });
  };
  const schemas = schemasAt(path);
  const types = schemas.map(({ type }) => type);
  if (types.includes("object") && types.includes("array") && types.includes("boolean")) return []; // anything at all
  // The default of a map is what an absent one is: nothing to write.
  const standard = schemas.find(
    (one) => one.default !== undefined && typeof one.default !== "object",
  )?.default;
  for (const { enum: values, const: only, type } of schemas) {
    values?.forEach((value) => offer(value, value === standard));
    if (only !== undefined) offer(only);
    if (type === "boolean") [true, false].forEach((value) => offer(value, value === standard));
  }
  if (standard !== undefined) offer(standard, true);
  examplesOf(path).forEach((value) => offer(value));
  return [...found.values()];
}

function isOffered(path: Path, value: unknown): boolean {
  return path.join(".") !== "searcher.name" || findSearcher(String(value)) !== undefined;
}

function item(
  { syntax }: ExperimentDocument,
  typing: Typing,
  value: Json,
  isDefault: boolean,
  index: number,
): CompletionItem {
  const text = typing.isQuoted && typeof value === "string" ? value : valueText(syntax, value);
  const words = wordsOf(typing.path, value);
  return {
    label: typeof value === "string" ? value : valueText(syntax, value),
    kind: typeof value === "string" ? CompletionItemKind.EnumMember : CompletionItemKind.Value,
    sortText: `0${String(index).padStart(3, "0")}`,
    filterText: text,
    ...(isDefault ? { detail: "default" } : {}),
    ...(words === null ? {} : { documentation: { kind: "markdown", value: words } }),
    textEdit: { range: typing.range, newText: text },
  };
}

/** The type of a hyperparameter, with the other keys that belong to it. */
function typeItems(document: ExperimentDocument, typing: Typing): CompletionItem[] {
  const { syntax } = document;
  const value = isMapping(document.value) ? document.value : {};
  const map = valueAt(value, typing.path.slice(0, -1));
  const present = isMapping(map) ? Object.keys(map) : [];
  const isGrid = searcherOf(value) === "grid";
  return HYPERPARAMETER_TYPES.map((type, index): CompletionItem => {
    const parts = typing.isQuoted ? [] : partsOfType(syntax, type, { isGrid, present, first: 1 });
    const said = typing.isQuoted ? type : valueText(syntax, type);
    const newText =
      typing.style === "flow"
        ? [said, ...parts].join(", ")
        : [said, ...parts].join(nextLine(document, typing));
    const schema = schemasAt(typing.path).find((one) => one.const === type);
    return {
      label: type,
      kind: CompletionItemKind.EnumMember,
      sortText: `0${index}`,
      filterText: said,
      documentation: { kind: "markdown", value: schema?.description ?? "" },
      insertTextFormat: InsertTextFormat.Snippet,
      insertTextMode: InsertTextMode.asIs,
      textEdit: { range: typing.range, newText },
    };
  });
}

/** To another key of the same map. */
function nextLine(document: ExperimentDocument, { path }: Typing): string {
  if (document.syntax === "toml") return "\n# ";
  return `\n${" ".repeat(document.rangeOf(path, "key")?.start.character ?? 0)}`;
}
