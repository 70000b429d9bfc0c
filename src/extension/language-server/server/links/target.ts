/** What one points at: a hyperparameter or a metric, in an experiment file or in Python. */
import type { Location, Range } from "vscode-languageserver/node";
import type { Place } from "../feature.ts";
import type { Workspace } from "../workspace.ts";
import { type Around, around } from "./around.ts";
import { isReportOf, METRIC_KEYS, metricAt, type Report } from "./metrics.ts";
import { contains, keyAt, keysOf, spellingAt, spellingsOf } from "./occurrences.ts";
import { isSame, type Read } from "./parameters.ts";

export interface Target {
  readonly kind: "parameter" | "metric";
  /** Dotted; of a metric as it is written, or as `group/name`. */
  readonly name: string;
  readonly range: Range;
  readonly isInExperiment: boolean;
  readonly around: Around;
}

export async function targetAt(
  workspace: Workspace,
  { document, position, offset }: Place,
): Promise<Target | null> {
  const { experiment } = document;
  const inBlock = experiment?.pathAt(offset) ?? null;
  if (experiment !== null && inBlock !== null) {
    const key = keyAt(experiment, offset);
    if (key)
      return { ...key, kind: "parameter", isInExperiment: true, around: await around(workspace, document) };
    const metric = inBlock.what === "value" ? metricAt(experiment, inBlock.path) : null;
    if (metric === null) return null;
    const found = { kind: "metric", name: metric, range: inBlock.range, isInExperiment: true } as const;
    return { ...found, around: await around(workspace, document) };
  }
  const script = await document.script();
  const { path } = document;
  if (!script || path === null) return null;
  const { facts } = script;
  const file = { document, path, facts, script, isEntry: true };
  const spelling = spellingAt(
    facts.parameters.map((read) => ({ file, read })),
    position,
  );
  const of = { isInExperiment: false };
  if (spelling) return { ...spelling, ...of, kind: "parameter", around: await around(workspace, document) };
  for (const { name, nameRange, group } of facts.metrics)
    if (nameRange !== null && contains(nameRange, position)) {
      const full = group === null ? name : `${group}/${name}`;
      return {
        kind: "metric",
        name: full,
        range: nameRange,
        ...of,
        around: await around(workspace, document),
      };
    }
  return null;
}

/** Keys of a parameter, or values that name a metric, of all experiment files. */
export function inExperiments({ kind, name, around: { experiments } }: Target): Location[] {
  return experiments.flatMap(({ experiment, uri }) => {
    if (experiment === null) return [];
    if (kind === "parameter") return keysOf(experiment, name).map(({ range }) => ({ uri, range }));
    return METRIC_KEYS.flatMap((key) => {
      const path = ["searcher", key];
      const metric = metricAt(experiment, path);
      const range = experiment.rangeOf(path, "value");
      const bare = name.slice(name.indexOf("/") + 1);
      return range !== null && (metric === name || metric === bare) ? [{ uri, range }] : [];
    });
  });
}

/** Where Python reads the parameter, or reports the metric. */
export function inPython(target: Target): Location[] {
  const {
    kind,
    name,
    around: { files },
  } = target;
  return files.flatMap((file) => {
    const { document, facts } = file;
    const ranges =
      kind === "parameter"
        ? facts.parameters.flatMap((read) => rangesOf({ file, read }, name))
        : facts.metrics.flatMap((report) => {
            const one: Report = { file, report };
            const isIt = isReportOf(name, one) || `${report.group}/${report.name}` === name;
            return isIt && report.nameRange !== null ? [report.nameRange] : [];
          });
    return ranges.map((range) => ({ uri: document.uri, range }));
  });
}

function rangesOf(read: Read, name: string): Range[] {
  return spellingsOf(read)
    .filter((one) => isSame(one.name, name))
    .map(({ range }) => range);
}

/** `optimizer.lr` is below `optimizer`. */
export function pointsBelow(group: string, name: string): boolean {
  return name.replaceAll("-", "_").startsWith(`${group.replaceAll("-", "_")}.`);
}
