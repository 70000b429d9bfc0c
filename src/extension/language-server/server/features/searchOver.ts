/** "Search over this", on what a script reads and on a constant of an experiment file. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type CodeAction, CodeActionKind, type Range } from "vscode-languageserver/node";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { CONFIGURATION_NAMES } from "../../../../cluster/client/configuration/names.ts";
import type { OpenDocument } from "../documents.ts";
import type { Feature } from "../feature.ts";
import { optionsOf } from "../links/flags.ts";
import { reportsOf } from "../links/metrics.ts";
import { contains, keyAt } from "../links/occurrences.ts";
import { isFlag, isNamed, isSame, leavesOf, type Read, readsOf } from "../links/parameters.ts";
import { type Described, type Proposal, proposeRange } from "../links/range.ts";
import { isRange, metricOf, newExperiment, searchIn, type Wanted } from "../links/searchOver.ts";
import type { LinkedScript } from "../pairs/follow.ts";
import type { Workspace } from "../workspace.ts";

const KIND = CodeActionKind.Refactor;

export const searchOver = (workspace: Workspace): Feature => ({
  name: "search over this",
  actions: async (document, range) => {
    const { experiment } = document;
    const inFile = experiment?.pathAt(document.offsetAt(range.start)) ?? null;
    if (experiment !== null && inFile !== null) return overConstant(workspace, document, range);
    return document.languageId === "python" ? overReads(workspace, document, range) : [];
  },
});

async function overReads(workspace: Workspace, document: OpenDocument, range: Range): Promise<CodeAction[]> {
  const script = await document.script();
  const file = document.path;
  if (!script || file === null) return [];
  const { facts } = script;
  const own: LinkedScript = { document, path: file, facts, script, isEntry: true };
  const reads = facts.parameters.map((read) => ({ file: own, read }));
  const here = reads.filter(({ read }) => contains(read.range, range.start));
  const names = new Map(here.map((one) => [one.read.name, one]));
  if (names.size === 0) return [];
  const [link] = await workspace.pairs.linksOf(document);
  const files = link?.files ?? [own];
  const metric = metricOf(reportsOf({ files }));
  return [...names.values()].flatMap((one): CodeAction[] => {
    const name = nameOf(one);
    const title = `Search over ${name}`;
    const proposal = one.read.kind === "hydra" ? HYDRA : proposeRange(standardOf(one, reads));
    if ("refusal" in proposal) return [{ title, kind: KIND, disabled: { reason: proposal.refusal } }];
    const all = link ? readsOf(link) : reads;
    const wanted: Wanted = {
      ...{ name, range: proposal.range, metric },
      isFlag: all.filter((other) => isNamed(name, other)).every(isFlag),
    };
    return link ? changed(link.experiment, wanted) : created(file, wanted);
  });
}

const HYDRA: Proposal = {
  refusal:
    "Hydra takes `name=value`, and hyperparameters come as `--name=value` or in TRAINYARD_PARAMS: read it with `trainyard.param`.",
};

/** As it has to be written to arrive: a flag is passed as its key is. */
function nameOf(one: Read): string {
  return (isFlag(one) ? optionsOf(one)[0] : undefined) ?? one.read.name;
}

/** Of several reads the one with a default says most. */
function standardOf(one: Read, reads: readonly Read[]): Described {
  if (one.read.default !== undefined) return one.read;
  return (
    reads.find(({ read }) => isSame(read.name, one.read.name) && read.default !== undefined)?.read ?? one.read
  );
}

function changed(document: OpenDocument, wanted: Wanted): CodeAction[] {
  const { experiment, uri, path: file } = document;
  const fix = experiment && searchIn(experiment, wanted);
  const start = { line: 0, character: 0 };
  const edits = fix && experiment ? experiment.edits(fix, { start, end: start }) : [];
  if (!fix || edits.length === 0) return [];
  const title =
    document.languageId === "python" ? fix.title : `${fix.title} in ${path.basename(file ?? uri)}`;
  return [{ title, kind: KIND, edit: { changes: { [uri]: edits } } }];
}

/** A file beside the script, of the name that a submit looks for. */
function created(script: string, wanted: Wanted): CodeAction[] {
  const name = CONFIGURATION_NAMES[0];
  const uri = pathToFileURL(path.join(path.dirname(script), name)).href;
  const start = { line: 0, character: 0 };
  const newText = newExperiment(path.basename(script), wanted);
  const documentChanges = [
    { kind: "create" as const, uri, options: { overwrite: false, ignoreIfExists: false } },
    { textDocument: { uri, version: null }, edits: [{ range: { start, end: start }, newText }] },
  ];
  return [{ title: `Search over ${wanted.name} in a new ${name}`, kind: KIND, edit: { documentChanges } }];
}

async function overConstant(
  workspace: Workspace,
  document: OpenDocument,
  range: Range,
): Promise<CodeAction[]> {
  const { experiment } = document;
  const offset = document.offsetAt(range.start);
  const at = experiment?.pathAt(offset);
  if (!experiment || !at) return [];
  const name = keyAt(experiment, offset)?.name ?? at.path.slice(1).join(".");
  const leaf = leavesOf(experiment).find((one) => at.path[0] === "hyperparameters" && one.name === name);
  if (!leaf || isRange(leaf.value)) return [];
  const link = await workspace.pairs.linkOf(document);
  const reads = readsOf(link).filter((one) => isNamed(name, one));
  const value = (valueAt(leaf.value, ["val"]) ?? leaf.value) as Json;
  const known = reads.find(({ read }) => read.type !== null || read.choices !== null)?.read;
  const proposal = proposeRange({
    ...{ name, default: value ?? undefined },
    ...{ type: known?.type ?? null, choices: known?.choices ?? null },
  });
  if ("refusal" in proposal)
    return [{ title: `Search over ${name}`, kind: KIND, disabled: { reason: proposal.refusal } }];
  const metric = metricOf(reportsOf(link));
  return changed(document, {
    name,
    range: proposal.range,
    isFlag: reads.length > 0 && reads.every(isFlag),
    metric,
  });
}
