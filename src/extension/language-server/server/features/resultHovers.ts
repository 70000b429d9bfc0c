/** On a parameter and on a metric: the last runs as a table, and a curve. */
import { type Hover, MarkupKind, type Range } from "vscode-languageserver/node";
import type { ScriptHistory, Theme } from "../../contract.ts";
import type { Feature, Place } from "../feature.ts";
import { chartImage } from "../results/chart.ts";
import { valueOf } from "../results/names.ts";
import type { Results } from "../results/results.ts";
import { type ShownMetric, shownIn } from "../results/shown.ts";
import { lastRuns } from "../results/tables.ts";
import { escaped, trialLink, valueText } from "../results/words.ts";
import type { Workspace } from "../workspace.ts";

/** Fewer values of a parameter make no picture. */
const FEWEST_POINTS = 3;

export const resultHovers = (workspace: Workspace, results: Results): Feature => ({
  name: "hovers of results",
  hover: async ({ document, position }) => {
    const shown = await shownIn(results, document);
    if (shown === null) return null;
    const { history, parameters, metrics } = shown;
    const { theme } = workspace.state;
    for (const { name, ranges } of parameters) {
      const range = ranges.find((one) => isIn(one, position));
      if (range) return hover(range, ofParameter(history, name, theme));
    }
    for (const metric of metrics) {
      const range = metric.report.nameRange;
      if (range !== null && isIn(range, position)) return hover(range, ofMetric(history, metric, theme));
    }
    return null;
  },
});

function hover(range: Range, parts: readonly string[]): Hover {
  const value = parts.filter((part) => part !== "").join("\n\n");
  return { range, contents: { kind: MarkupKind.Markdown, value } };
}

function ofParameter(history: ScriptHistory, name: string, theme: Theme): string[] {
  const points = history.trials.flatMap((trial): [number, number][] => {
    const value = valueOf(trial, name);
    const isSame = trial.metric !== null && trial.metric.name === history.best?.metric?.name;
    return typeof value === "number" && isSame ? [[value, trial.metric.value]] : [];
  });
  const isPicture = new Set(points.map(([value]) => value)).size >= FEWEST_POINTS;
  return [
    `**${escaped(name)}** in the last runs on ${escaped(history.poolName)}` +
      (isPicture ? `, and the ${escaped(history.best?.metric?.name ?? "")} that it gave` : ""),
    isPicture ? chartImage(points, { theme, marks: "points" }) : "",
    lastRuns(history, name),
  ];
}

function ofMetric(history: ScriptHistory, { report, facts }: ShownMetric, theme: Theme): string[] {
  const { trial, step, value, curve } = facts;
  const points = curve.map(([at, one]) => [at, Number(one)] as const);
  const latest = `${escaped(valueText(Number(value)))} at step ${escaped(String(step))}`;
  return [
    `**${escaped(report.name)}** ${latest} of trial ${trialLink(history.poolId, trial)} on ${escaped(history.poolName)}`,
    chartImage(points, { theme, marks: "line" }),
    lastRuns(history, null),
  ];
}

function isIn({ start, end }: Range, { line, character }: Place["position"]): boolean {
  const isAfter = line > start.line || (line === start.line && character >= start.character);
  return isAfter && (line < end.line || (line === end.line && character <= end.character));
}
