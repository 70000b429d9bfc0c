/**
 * Beside a parameter's value the best that was found, beside a report what it said last. The editor draws hints in one colour
 * alone, so that a line that has changed since that run is said in words; which those who see no colours can read, too.
 */
import { type InlayHint, MarkupKind, type Range } from "vscode-languageserver/node";
import type { MetricFacts, ScriptHistory, TrialFacts } from "../../contract.ts";
import type { OpenDocument } from "../documents.ts";
import type { Feature } from "../feature.ts";
import { valueOf } from "../results/names.ts";
import type { Results } from "../results/results.ts";
import { type Shown, type ShownParameter, shownIn } from "../results/shown.ts";
import { sparkline } from "../results/sparkline.ts";
import { lastRuns } from "../results/tables.ts";
import { escaped, trialLink, valueText } from "../results/words.ts";
import type { Workspace } from "../workspace.ts";

/** Of one call. */
const MOST_METRICS = 3;
const ROWS = 5;

export const resultHints = (workspace: Workspace, results: Results): Feature => ({
  name: "hints of results",
  hints: async (document, range) => {
    if (!workspace.state.settings.hints) return [];
    const shown = await shownIn(results, document);
    if (shown === null) return [];
    const changed = (trial: TrialFacts, where: Range): Promise<boolean> =>
      hasChanged(results, document, shown.history, trial, where);
    const all = [...(await ofParameters(shown, changed)), ...(await ofMetrics(shown, changed))];
    return all.filter(({ position: { line } }) => range.start.line <= line && line <= range.end.line);
  },
});

type Changed = (trial: TrialFacts, where: Range) => Promise<boolean>;

async function hasChanged(
  results: Results,
  document: OpenDocument,
  { poolId }: ScriptHistory,
  trial: TrialFacts,
  { start, end }: Range,
): Promise<boolean> {
  const lines = await results.linesOf(document, poolId, trial, trial.path);
  if (lines === null) return false;
  for (let line = start.line; line <= end.line; line++) if (lines.before(line) === null) return true;
  return false;
}

async function ofParameters({ history, parameters }: Shown, changed: Changed): Promise<InlayHint[]> {
  const { best } = history;
  if (best === null) return [];
  const hints: InlayHint[] = [];
  for (const parameter of parameters) {
    const { name, valueRange } = parameter;
    const value = valueOf(best, name);
    if (valueRange === null || value === undefined || !isNews(history, best, parameter)) continue;
    const mark = (await changed(best, valueRange)) ? " (line changed)" : "";
    hints.push({
      position: valueRange.end,
      label: `best ${valueText(value)}${mark}`,
      paddingLeft: true,
      tooltip: {
        kind: MarkupKind.Markdown,
        value: [
          `Best ${escaped(name)}, of trial ${trialLink(history.poolId, best)}`,
          ...(mark === "" ? [] : ["This line is another than in that run."]),
          lastRuns(history, name, ROWS),
        ].join("\n\n"),
      },
    });
  }
  return hints;
}

/** What is written there already, and was never anything else, needs no hint. */
function isNews(history: ScriptHistory, best: TrialFacts, { name, written }: ShownParameter): boolean {
  const values = [best, ...history.trials].map((trial) => JSON.stringify(valueOf(trial, name)));
  return new Set([...values.filter((value) => value !== undefined), JSON.stringify(written)]).size > 1;
}

async function ofMetrics({ history, metrics }: Shown, changed: Changed): Promise<InlayHint[]> {
  const calls = new Map<string, { range: Range; found: Map<string, MetricFacts> }>();
  for (const { report, facts } of metrics) {
    const key = JSON.stringify(report.range);
    const call = calls.get(key) ?? { range: report.range, found: new Map() };
    if (call.found.size < MOST_METRICS) call.found.set(report.name, facts);
    calls.set(key, call);
  }
  const hints: InlayHint[] = [];
  for (const { range, found } of calls.values()) {
    const parts = [...found].map(([name, { value, curve }]) =>
      [found.size > 1 ? name : "", valueText(Number(value)), sparkline(curve.map(([, one]) => Number(one)))]
        .filter((part) => part !== "")
        .join(" "),
    );
    const [first] = found.values();
    const mark = first && (await changed(first.trial, range)) ? " (line changed)" : "";
    hints.push({
      position: range.end,
      label: `${parts.join(" · ")}${mark}`,
      paddingLeft: true,
      tooltip: {
        kind: MarkupKind.Markdown,
        value: [...found]
          .map(
            ([name, { trial, step, value }]) =>
              `${escaped(name)} ${escaped(valueText(Number(value)))} at step ${escaped(String(step))} of trial ${trialLink(history.poolId, trial)}`,
          )
          .join("\n\n"),
      },
    });
  }
  return hints;
}
