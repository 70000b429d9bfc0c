/** Names that the script knows, where an experiment file wants one. Pure. */
import {
  type CompletionItem,
  CompletionItemKind,
  InsertTextFormat,
  InsertTextMode,
} from "vscode-languageserver/node";
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { ExperimentDocument, Typing } from "../experiment/document.ts";
import { valueText } from "../experiment/written.ts";
import type { Link } from "../pairs.ts";
import { METRIC_KEYS, metricNames, reportsOf } from "./metrics.ts";
import { optionsOf } from "./flags.ts";
import { isFlag, isSame, leavesOf, passingOf, type Read, readsOf, scriptNames } from "./parameters.ts";
import { forGrid, proposeRange, proposeValue } from "./range.ts";

export function completeNames(link: Link, experiment: ExperimentDocument, typing: Typing): CompletionItem[] {
  if (typing.path[0] === "hyperparameters" && (typing.what === "key" || typing.canBeKey))
    return typing.style === "header" ? [] : parameters(link, experiment, typing);
  const [top, key] = typing.path;
  const isMetric = typing.what === "value" && typing.path.length === 2 && top === "searcher";
  return isMetric && METRIC_KEYS.some((one) => one === key) ? metrics(link, experiment, typing) : [];
}

/** Those that are read and not set yet, each with what fits its default. */
function parameters(link: Link, experiment: ExperimentDocument, typing: Typing): CompletionItem[] {
  const group = typing.path
    .slice(1)
    .map((part) => `${part}.`)
    .join("");
  const set = leavesOf(experiment).map(({ name }) => name);
  const found = new Map<string, Read>();
  for (const one of readsOf(link)) {
    const name =
      passingOf(experiment) === "flags" && isFlag(one) ? (optionsOf(one)[0] ?? one.read.name) : one.read.name;
    const own = name.slice(group.length);
    if (!isSame(name.slice(0, group.length), group) || own === "") continue;
    if (
      set.some((other) => isSame(other, name)) ||
      typing.present.some((key) => isSame(key, own.split(".")[0] ?? ""))
    )
      continue;
    const known = found.get(own);
    if (known === undefined || known.read.default === undefined) found.set(own, one);
  }
  const searcher = valueAt(experiment.value, ["searcher", "name"]);
  const isSearch = typeof searcher === "string" && searcher !== "single";
  return [...found].map(([own, { read }], index) => {
    const proposal = proposeRange(read);
    const range = isSearch && "range" in proposal ? proposal.range : null;
    const value = range === null ? proposeValue(read) : searcher === "grid" ? forGrid(range) : range;
    const says = read.default === undefined ? "" : `, by default ${JSON.stringify(read.default)}`;
    return {
      label: own,
      kind: CompletionItemKind.Variable,
      detail: `${scriptNames(link)} reads it${says}`,
      sortText: `00${String(index).padStart(3, "0")}`,
      insertTextFormat: InsertTextFormat.PlainText,
      insertTextMode: InsertTextMode.asIs,
      textEdit: {
        range: typing.range,
        newText: typing.hasValue
          ? experiment.keyText(own)
          : written(experiment, typing, own, valueText(experiment.syntax, value)),
      },
    };
  });
}

/** `a.b` is a map within a map. */
function written(
  experiment: ExperimentDocument,
  { style, indent }: Typing,
  name: string,
  value: string,
): string {
  const keys = name.split(".").map((key) => experiment.keyText(key));
  if (experiment.syntax === "toml") return `${keys.join(".")} = ${value}`;
  if (style === "flow")
    return keys.reduceRight(
      (inner, key, at) => `${key}: ${at < keys.length - 1 ? `{${inner}}` : inner}`,
      value,
    );
  return (
    keys.map((key, depth) => `${depth === 0 ? "" : `\n${indent}${"  ".repeat(depth)}`}${key}:`).join("") +
    ` ${value}`
  );
}

function metrics(link: Link, experiment: ExperimentDocument, typing: Typing): CompletionItem[] {
  return metricNames(reportsOf(link)).map((name, index) => ({
    label: name,
    kind: CompletionItemKind.Variable,
    detail: `${scriptNames(link)} reports it`,
    sortText: `00${String(index).padStart(3, "0")}`,
    textEdit: { range: typing.range, newText: typing.isQuoted ? name : valueText(experiment.syntax, name) },
  }));
}
