/** From a document to an ExperimentConfiguration, with what to say about it and where. */
import * as z from "zod";
import type { JsonObject } from "../../protocol/base.ts";
import { closest } from "../../protocol/closest.ts";
import {
  DataMap,
  ExperimentConfiguration,
  isDataMap,
  KEYS_OF_CHECKPOINT_STORAGE,
  keysWithoutEffect,
} from "../../protocol/configuration.ts";
import { findSearcher } from "../../search/searchers.ts";
import { missingSettings, settingsOf } from "../../search/settings.ts";
import { HYPERPARAMETER_TYPES, readSpace } from "../../search/space.ts";
import { insteadOf } from "./instead.ts";
import type { Located, Path, Source } from "./source.ts";

export interface Checked {
  value: ExperimentConfiguration;
  /** Keys that are read and have no effect here. */
  notes: Located[];
  /** What parses, and does not run in this version: a submit is refused with these. */
  notYet: Located[];
}

/** Keys further inside that have no effect (yet). */
const NESTED_WITHOUT_EFFECT: Readonly<Record<string, readonly string[]>> = {
  environment: [
    "image",
    "proxy_ports",
    "ports",
    "force_pull_image",
    "registry_auth",
    "add_capabilities",
    "drop_capabilities",
    "pod_spec",
  ],
  resources: [
    "resource_pool",
    "is_single_node",
    "shm_size",
    "devices",
    "slots",
    "native_parallel",
    "agent_label",
  ],
};
/** Keys at the top that are read and of which nothing here makes use. */
const UNUSED = ["workspace", "project"];
/** Trials of one experiment. */
const MOST_TRIALS = 100_000;

export function checkConfiguration(source: Source): Checked | { problems: Located[] } {
  const { value, locate } = source;
  if (!isMapping(value)) {
    const found = value === null ? "empty" : Array.isArray(value) ? "a list" : "a single value";
    const message = `A configuration is a map of keys (such as \`searcher:\`); this is ${found}.`;
    return { problems: [locate([], message, "value")] };
  }
  const parsed = ExperimentConfiguration.safeParse(value);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => explain(issue, source));
  problems.push(...checkData(value.data, ["data"], source));
  problems.push(...checkHyperparameters(value.hyperparameters, source));
  if (parsed.success && problems.length === 0) problems.push(...checkSearcher(parsed.data, source));
  if (!parsed.success || problems.length > 0) return { problems: inOrder(problems) };
  return {
    value: parsed.data,
    notes: inOrder(findNotes(parsed.data, source)),
    notYet: inOrder(findNotYet(parsed.data, source)),
  };
}

type Issue = z.core.$ZodIssue;

function explain(issue: Issue, { locate, value }: Source): Located[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => {
      const known = closest(key, knownKeys(issue.path));
      const name = dotted([...issue.path, key]);
      const message = `Unknown key \`${name}\`.${known ? ` Did you mean \`${known}\`?` : ""}`;
      return locate([...issue.path, key], message, "key");
    });
  const name = dotted(issue.path);
  const found = valueAt(value, issue.path);
  if (issue.code === "invalid_value" && issue.values.length > 1) {
    const names = issue.values.map(String);
    const known = typeof found === "string" ? closest(found, names) : null;
    const meant = known ? ` Did you mean \`${known}\`?` : "";
    return [locate(issue.path, `\`${name}\` must be one of ${names.join(", ")}.${meant}`, "value")];
  }
  if (issue.code === "invalid_union") return [locate(issue.path, unionMessage(name, issue), "value")];
  const expected = issue.message.replace(/^Invalid input: /, "").replace(/^Too (small|big): /, "");
  return [locate(issue.path, `\`${name}\`: ${expected}.`, "value")];
}

function unionMessage(name: string, issue: Extract<Issue, { code: "invalid_union" }>): string {
  const expected = issue.errors
    .flatMap((errors) => errors.slice(0, 1))
    .map((error) => error.message.replace(/^Invalid input: /, ""));
  return `\`${name}\`: ${[...new Set(expected)].join("; or ") || "not a value that is understood"}.`;
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
}
let schema: JsonSchema | undefined;

function knownKeys(path: Path): string[] {
  schema ??= z.toJSONSchema(ExperimentConfiguration, { io: "input", unrepresentable: "any" }) as JsonSchema;
  let at: JsonSchema | undefined = schema;
  for (const part of path) at = at?.properties?.[String(part)];
  return Object.keys(at?.properties ?? {});
}

function findNotes({ entrypoint }: ExperimentConfiguration, source: Source): Located[] {
  const notes: Located[] = [];
  const value = source.value as Record<string, unknown>;
  const note = (path: Path): void => {
    const key = dotted(path);
    notes.push(source.locate(path, `\`${key}\` has no effect here.${insteadOf(key)}`, "key"));
  };
  for (const key of [...keysWithoutEffect(entrypoint), ...UNUSED]) if (key in value) note([key]);
  for (const [group, keys] of Object.entries(NESTED_WITHOUT_EFFECT)) {
    const inner = value[group];
    if (isMapping(inner)) for (const key of keys) if (key in inner) note([group, key]);
  }
  const { searcher, checkpoint_storage: storage } = value;
  if (isMapping(storage))
    for (const key of Object.keys(storage))
      if (!KEYS_OF_CHECKPOINT_STORAGE.includes(key)) note(["checkpoint_storage", key]);
  if (isMapping(searcher)) {
    const used = settingsOf(typeof searcher.name === "string" ? searcher.name : "single");
    for (const key of Object.keys(searcher)) if (!used.includes(key)) note(["searcher", key]);
  }
  return notes;
}

function findNotYet(configuration: ExperimentConfiguration, source: Source): Located[] {
  const found: Located[] = [];
  const { name } = configuration.searcher;
  if (findSearcher(name) === undefined)
    found.push(
      source.locate(
        ["searcher", "name"],
        `The searcher \`${name}\` does not run here; \`adaptive_asha\` is what came after it.`,
        "value",
      ),
    );
  return found;
}

/** `data:` is free, but for entries that say where a path is on which pool. */
function checkData(value: unknown, path: Path, source: Source): Located[] {
  if (typeof value !== "object" || value === null) return [];
  if (!isDataMap(value))
    return Object.entries(value).flatMap(([key, inner]) => checkData(inner, [...path, key], source));
  const parsed = DataMap.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path: inner, message }) => {
    const place = [...path, ...inner];
    return source.locate(place, `\`${dotted(place)}\`: ${message.replace(/^Invalid input: /, "")}.`, "value");
  });
}

function checkHyperparameters(value: unknown, source: Source): Located[] {
  if (!isMapping(value)) return [];
  const read = readSpace(value as JsonObject);
  if (!("problems" in read)) return [];
  return read.problems.map(({ path, message }) => {
    const place = ["hyperparameters", ...path];
    const found = valueAt(source.value, place);
    // A key that lacks is said at the one that lacks it.
    if (found === undefined)
      return source.locate(place.slice(0, -1), `\`${dotted(place.slice(0, -1))}\`: ${message}.`, "key");
    const known =
      place.at(-1) === "type" && typeof found === "string" ? closest(found, HYPERPARAMETER_TYPES) : null;
    const meant = known ? ` Did you mean \`${known}\`?` : "";
    return source.locate(place, `\`${dotted(place)}\`: ${message}.${meant}`, "value");
  });
}

/** What a searcher cannot do without. */
function checkSearcher({ searcher, hyperparameters }: ExperimentConfiguration, source: Source): Located[] {
  const problems = missingSettings(searcher).map((key) =>
    source.locate(["searcher"], `\`searcher\`: ${searcher.name} needs \`${key}\`.`, "key"),
  );
  const read = readSpace(hyperparameters);
  if (searcher.name !== "grid" || "problems" in read) return problems;
  for (const name of read.space.uncounted)
    problems.push(
      source.locate(
        ["hyperparameters", ...name.split(".")],
        `\`hyperparameters.${name}\`: a grid needs \`count\`, the number of its points.`,
        "key",
      ),
    );
  if (problems.length === 0 && read.space.gridSize > MOST_TRIALS)
    problems.push(
      source.locate(
        ["hyperparameters"],
        `The grid has ${read.space.gridSize} points, and ${MOST_TRIALS} are possible.`,
        "key",
      ),
    );
  return problems;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[part] : undefined,
    value,
  );
}

function dotted(path: Path): string {
  return path.map(String).join(".") || "the configuration";
}

function inOrder(found: Located[]): Located[] {
  return found.sort((a, b) => a.line - b.line || a.column - b.column);
}
