/**
 * What went wrong in runs, on the lines where it did: the traceback of a trial that failed, and the first value that was no
 * number. A traceback is gone once its innermost line is edited, or a newer experiment of the script went well; while a newer
 * one runs it stays: nobody knows yet.
 */
import { pathToFileURL } from "node:url";
import {
  type CodeAction,
  type Diagnostic,
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  type Range,
} from "vscode-languageserver/node";
import type { FailureFacts, ScriptHistory } from "../../contract.ts";
import type { OpenDocument } from "../documents.ts";
import { type Feature, SOURCE } from "../feature.ts";
import type { MetricReport } from "../python/facts.ts";
import type { Results } from "../results/results.ts";
import { OPEN_PANEL, panelOf } from "../results/words.ts";
import type { Workspace } from "../workspace.ts";

/** Scripts that may have gone through a module, the latest that were submitted. */
const MOST_SCRIPTS = 10;

/** @param gone what is marked in other documents may be out of date */
export function runProblems(workspace: Workspace, results: Results, gone: () => void): Feature {
  const shown = new Map<string, Set<string>>();
  /** Trials whose tracebacks a person has seen enough of; until the editor is opened again. */
  const dismissed = new Set<string>();
  return {
    name: "problems of runs",
    commands: {
      [DISMISS]: (trial) => {
        if (typeof trial === "string") dismissed.add(trial);
      },
    },
    diagnostics: async (document) => {
      const { path: file, languageId, uri } = document;
      if (file === null || languageId !== "python") return [];
      const found: Diagnostic[] = [];
      const trials = new Set<string>();
      for (const history of await historiesOf(workspace, results, document))
        for (const failure of history.failures) {
          if (dismissed.has(keyOf(history.poolId, failure.trial))) continue;
          const marks = await tracebackIn(workspace, results, document, history, failure);
          found.push(...marks);
          if (marks.length > 0) trials.add(failure.trial.trialId);
        }
      const before = shown.get(uri) ?? new Set();
      shown.set(uri, trials);
      // Its other frames may be in other documents.
      if ([...before].some((one) => !trials.has(one))) gone();
      const own = await results.of(document);
      return own === null ? found : [...found, ...(await firstNaN(results, document, own))];
    },
    actions: (_document, _range, diagnostics) =>
      diagnostics.flatMap((diagnostic) => {
        const { trial, traceback } = (diagnostic.data ?? {}) as Partial<TrialData>;
        if (trial === undefined) return [];
        const action = (title: string, command: string, argument: unknown): CodeAction => ({
          title,
          kind: "quickfix",
          diagnostics: [diagnostic],
          command: { title, command, arguments: [argument] },
        });
        return [
          action(`Open trial ${trial.trialId}`, OPEN_PANEL, trial),
          ...(traceback === true
            ? [action(`Dismiss the traceback of trial ${trial.trialId}`, DISMISS, keyOf(trial.poolId, trial))]
            : []),
        ];
      }),
  };
}

/** `data` of our diagnostics. */
interface TrialData {
  readonly traceback: boolean;
  readonly trial: ReturnType<typeof panelOf>;
}

const DISMISS = "trainyard.language.dismissTraceback";

function keyOf(poolId: string, { trialId }: { readonly trialId: string }): string {
  return JSON.stringify([poolId, trialId]);
}

async function historiesOf(
  workspace: Workspace,
  results: Results,
  document: OpenDocument,
): Promise<ScriptHistory[]> {
  const scripts = workspace.state.submitted.map(({ script }) => script).slice(0, MOST_SCRIPTS);
  const found = [await results.of(document)];
  for (const script of scripts) if (script !== document.path) found.push(await results.ofScript(script));
  return found.filter((history) => history !== null);
}

/** Where each frame is now; null where its line was changed, or is gone, or cannot be told. */
async function linesNow(
  workspace: Workspace,
  results: Results,
  document: OpenDocument,
  { poolId }: ScriptHistory,
  { trial, frames, files }: FailureFacts,
): Promise<(number | null)[]> {
  return Promise.all(
    frames.map(async ({ file, line }, index) => {
      const own = files[index] ?? "";
      const there = own === document.path ? document : await workspace.document(own);
      const lines = there && (await results.linesOf(there, poolId, trial, file));
      return lines?.now(line - 1) ?? null;
    }),
  );
}

async function tracebackIn(
  workspace: Workspace,
  results: Results,
  document: OpenDocument,
  history: ScriptHistory,
  failure: FailureFacts,
): Promise<Diagnostic[]> {
  const { trial, frames, files, message } = failure;
  if (!files.includes(document.path ?? "")) return [];
  const now = await linesNow(workspace, results, document, history, failure);
  const innermost = frames.length - 1;
  if ((now.at(-1) ?? null) === null) return [];
  const related = frames.map((frame, index): DiagnosticRelatedInformation | null => {
    const [line, file] = [now[index] ?? null, files[index]];
    if (line === null || file === undefined) return null;
    const start = { line, character: 0 };
    const inside = frame.function === null ? "" : `, in ${frame.function}`;
    return {
      location: { uri: pathToFileURL(file).href, range: { start, end: start } },
      message: `${frame.file}, line ${line + 1}${inside}`,
    };
  });
  const marks = new Map<number, Diagnostic>();
  for (const index of frames.keys()) {
    const line = now[index] ?? null;
    if (line === null || files[index] !== document.path) continue;
    const isInnermost = index === innermost;
    const last = frames[innermost];
    const where = last ? ` (${last.file}, line ${(now[innermost] ?? 0) + 1})` : "";
    // One that calls itself is on the same line many times: the innermost has the word.
    marks.set(line, {
      range: codeOf(document, line),
      severity: isInnermost ? DiagnosticSeverity.Error : DiagnosticSeverity.Information,
      source: SOURCE,
      message: isInnermost
        ? `${message}\nTrial ${trial.trialId} failed here.`
        : `Trial ${trial.trialId} failed further in${where}: ${message}`,
      relatedInformation: related.filter((_, other) => other !== index).filter((one) => one !== null),
      data: { traceback: true, trial: panelOf(history.poolId, trial) } satisfies TrialData,
    });
  }
  return [...marks.values()];
}

async function firstNaN(
  results: Results,
  document: OpenDocument,
  history: ScriptHistory,
): Promise<Diagnostic[]> {
  const { nan, poolId } = history;
  const facts = (await document.script())?.facts;
  if (nan === null || !facts) return [];
  const lines = await results.linesOf(document, poolId, nan.trial, nan.trial.path);
  const trial = panelOf(poolId, nan.trial);
  return facts.metrics
    .filter((report) => isOf(report, nan.metric))
    .flatMap(({ nameRange, range }): Diagnostic[] => {
      const where: Range = nameRange ?? range;
      if (lines?.before(where.start.line) === null) return [];
      return [
        {
          range: where,
          severity: DiagnosticSeverity.Warning,
          source: SOURCE,
          message: `${nan.metric} was not a number from step ${nan.step} on in trial ${nan.trial.trialId}.`,
          data: { traceback: false, trial } satisfies TrialData,
        },
      ];
    });
}

/** @param metric `group/name` */
function isOf(report: MetricReport, metric: string): boolean {
  const slash = metric.indexOf("/");
  const [group, name] = [metric.slice(0, slash), metric.slice(slash + 1)];
  return report.name === name && (report.group === null || report.group === group);
}

/** A line without the spaces around its code. */
function codeOf(document: OpenDocument, line: number): Range {
  const text = document.getText({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
  const end = text.trimEnd().length;
  return {
    start: { line, character: Math.min(end, text.length - text.trimStart().length) },
    end: { line, character: end },
  };
}
