/** Keys that may be written at a place, each with what belongs behind it. Pure. */
import {
  type CompletionItem,
  CompletionItemKind,
  InsertTextFormat,
  InsertTextMode,
} from "vscode-languageserver/node";
import { hasEffect, searcherOf } from "../../../../cluster/client/configuration/findNotes.ts";
import { type Schema, schemasAt } from "../../../../cluster/client/configuration/jsonSchema.ts";
import { isMapping, valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { SearcherConfiguration } from "../../../../cluster/protocol/configuration.ts";
import { missingSettings } from "../../../../cluster/search/settings.ts";
import { HYPERPARAMETER_TYPES, keysOfType } from "../../../../cluster/search/space.ts";
import type { ExperimentDocument, Typing } from "./document.ts";
import { documented } from "./hovers.ts";
import { newHyperparameter } from "./snippets.ts";

export function completeKeys(document: ExperimentDocument, typing: Typing): CompletionItem[] {
  const { path, present } = typing;
  const value = isMapping(document.value) ? document.value : {};
  const here = valueAt(value, path);
  const isSpace = path[0] === "hyperparameters";
  const type = isSpace && isMapping(here) ? here.type : undefined;
  const ofType = keysOfType(type);
  if (isSpace && ofType.length === 0) return spaceItems(document, typing, searcherOf(value) === "grid");
  const required = isSpace ? ofType.filter((key) => key !== "count") : requiredIn(path, value);
  const found = new Map<string, Schema>();
  for (const schema of schemasAt(path)) {
    const { type: own } = schema.properties ?? {};
    if (isSpace && own?.const !== type) continue;
    for (const [key, inner] of Object.entries(schema.properties ?? {}))
      if (!found.has(key)) found.set(key, inner);
  }
  return [...found]
    .filter(([key]) => !present.includes(key) && hasEffect([...path, key], value))
    .map(([key, schema], index) => ({
      ...keyItem(document, typing, key, schema),
      sortText: `${required.includes(key) ? 0 : 1}${String(index).padStart(3, "0")}`,
    }));
}

/** A new hyperparameter: its name is typed, and what it draws is chosen; in a map that may become one its `type`. */
function spaceItems(document: ExperimentDocument, typing: Typing, isGrid: boolean): CompletionItem[] {
  if (typing.hasValue || typing.style === "header") return [];
  const items = HYPERPARAMETER_TYPES.map((type, index): CompletionItem => {
    const name = typing.text === "" ? "${1:name}" : document.keyText(typing.text);
    return {
      label: typing.text === "" ? type : `${typing.text}: ${type}`,
      kind: CompletionItemKind.Snippet,
      filterText: typing.text === "" ? type : typing.text,
      sortText: `1${index}`,
      detail: "a new hyperparameter",
      documentation: { kind: "markdown", value: documented(typeSchema(type)) },
      insertTextFormat: InsertTextFormat.Snippet,
      insertTextMode: InsertTextMode.asIs,
      textEdit: { range: typing.range, newText: name + newHyperparameter(document.syntax, type, isGrid) },
    };
  });
  const canHaveType = typing.path.length > 1 && typing.present.length === 0;
  return canHaveType
    ? [{ ...keyItem(document, typing, "type", typeSchema("log")), sortText: "00" }, ...items]
    : items;
}

function typeSchema(type: string): Schema {
  return schemasAt(["hyperparameters", "x"]).find(({ properties }) => properties?.type?.const === type) ?? {};
}

function requiredIn(path: Typing["path"], value: Readonly<Record<string, unknown>>): string[] {
  if (path.length !== 1 || path[0] !== "searcher" || !isMapping(value.searcher)) return [];
  const said = Object.entries(value.searcher).filter(([, one]) => one !== null);
  return ["name", ...missingSettings(Object.fromEntries(said) as SearcherConfiguration)];
}

function keyItem(document: ExperimentDocument, typing: Typing, key: string, schema: Schema): CompletionItem {
  const text = document.keyText(key);
  const behind = typing.hasValue || typing.style === "header" ? "" : valuePart(document, typing, key, schema);
  return {
    label: key,
    kind: CompletionItemKind.Property,
    documentation: { kind: "markdown", value: documented(schema) },
    insertTextFormat: InsertTextFormat.Snippet,
    insertTextMode: InsertTextMode.asIs,
    textEdit: { range: typing.range, newText: text + behind },
    // What may stand there is offered at once.
    ...(behind === "" ? {} : { command: { title: "Suggest", command: "editor.action.triggerSuggest" } }),
  };
}

/** From the key on: what separates, and the shape of the value with the cursor in it. */
function valuePart(
  { syntax }: ExperimentDocument,
  { style, indent }: Typing,
  key: string,
  schema: Schema,
): string {
  const types = typesOf(schema);
  const isMap = types.includes("object") && !types.includes("string") && key !== "action";
  if (syntax === "toml") {
    const isText = types[0] === "string" && schema.enum === undefined;
    return ` = ${isMap ? "{ $0 }" : isText ? '"$0"' : types[0] === "array" ? "[$0]" : "$0"}`;
  }
  if (isMap) return style === "flow" ? ": {$0}" : `:\n${indent}  $0`;
  if (types[0] === "array") return style === "flow" ? ": [$0]" : `:\n${indent}  - $0`;
  return ": $0";
}

function typesOf(schema: Schema): string[] {
  const own = [schema.type ?? []].flat();
  return [...own, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(typesOf)];
}
