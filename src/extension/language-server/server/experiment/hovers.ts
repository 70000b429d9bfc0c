/** What is to be known of a key or a value that one points at, as Markdown. Pure. */
import { hasEffect, searcherOf } from "../../../../cluster/client/configuration/findNotes.ts";
import { insteadOf } from "../../../../cluster/client/configuration/instead.ts";
import { type Schema, schemasAt } from "../../../../cluster/client/configuration/jsonSchema.ts";
import { isMapping, valueAt } from "../../../../cluster/client/configuration/words.ts";
import { HYPERPARAMETER_TYPES } from "../../../../cluster/search/space.ts";
import type { ExperimentDocument, Path } from "./document.ts";
import { drawsText } from "./draws.ts";
import { wordsOf } from "./valueWords.ts";

/** @returns "" where there is nothing to say */
export function hoverText(document: ExperimentDocument, path: Path, what: "key" | "value"): string {
  const value = isMapping(document.value) ? document.value : {};
  return path[0] === "hyperparameters" && path.length > 1
    ? ofHyperparameter(value, path, what)
    : what === "key"
      ? ofKey(value, path)
      : (wordsOf(path, valueAt(value, path)) ?? "");
}

function ofKey(value: Readonly<Record<string, unknown>>, path: Path): string {
  const schema = schemasAt(path).find(({ description }) => description !== undefined);
  const instead = hasEffect(path, value) ? "" : `Has no effect here.${insteadOf(path.join("."))}`;
  return [schema ? documented(schema) : "", allowedText(path), instead]
    .filter((text) => text !== "")
    .join("\n\n");
}

function ofHyperparameter(
  value: Readonly<Record<string, unknown>>,
  path: Path,
  what: "key" | "value",
): string {
  const above = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  const isOfType = isMapping(above) && HYPERPARAMETER_TYPES.includes(String(above.type)) && path.length > 2;
  if (!isOfType)
    return what === "key" ? (drawsText(valueAt(value, path), searcherOf(value) === "grid") ?? "") : "";
  const schema = schemasAt(path.slice(0, -1)).find(({ properties }) => properties?.type?.const === above.type)
    ?.properties?.[String(key)];
  const number = above[String(key)];
  const isExponent = above.type === "log" && (key === "minval" || key === "maxval");
  const power =
    isExponent && typeof number === "number" && typeof above.base === "number"
      ? `${above.base}^${number} = ${Number((above.base ** number).toPrecision(6))}`
      : "";
  return [schema ? documented(schema) : "", power].filter((text) => text !== "").join("\n\n");
}

/** A schema's description and default. */
export function documented({ description = "", default: standard }: Schema): string {
  const isSaid = standard !== undefined && (typeof standard !== "object" || standard === null);
  return [description, isSaid ? `Default: \`${JSON.stringify(standard)}\`` : ""]
    .filter((text) => text !== "")
    .join("\n\n");
}

/** Words that stand for a choice, each with what it does. */
function allowedText(path: Path): string {
  const words = schemasAt(path).flatMap(({ enum: values }) => values ?? []);
  return words
    .map((word) => {
      const said = wordsOf(path, word);
      return `- \`${String(word)}\`${said === null ? "" : `: ${said}`}`;
    })
    .join("\n");
}
