/** Above the place where a script begins: Submit as Experiment, and what its experiments came to. */
import type { CodeLens, Command } from "vscode-languageserver/node";
import type { ScriptHistory, TrialFacts } from "../../contract.ts";
import type { Feature } from "../feature.ts";
import type { Results } from "../results/results.ts";
import { lensText, OPEN_PANEL, panelOf, valueText } from "../results/words.ts";
import { TRAINING_MODULES } from "../../trainingModules.ts";
import type { Workspace } from "../workspace.ts";

const RUNNING: readonly TrialFacts["state"][] = ["starting", "running", "pausing", "stopping"];

export const submitLens = (workspace: Workspace, results: Results): Feature => ({
  name: "submit",
  lenses: async (document) => {
    if (!workspace.state.settings.lenses || document.path === null) return [];
    const script = await document.script();
    if (!script) return [];
    const history = await results.of(document);
    // What ran once may run again, whatever it imports.
    const { imports, entry: range } = script.glance;
    if (!history && !TRAINING_MODULES.some((name) => imports.has(name))) return [];
    if (range === null) return [];
    const submit: Command = {
      title: "$(rocket) Submit as Experiment",
      command: "trainyard.submit",
      arguments: [document.path],
    };
    const known = history === null ? [] : [running(history) ?? last(history), best(history)];
    return [submit, ...known]
      .filter((command) => command !== null)
      .map((command): CodeLens => ({ range, command }));
  },
});

function open(title: string, { poolId }: ScriptHistory, trial: TrialFacts): Command {
  return { title, command: OPEN_PANEL, arguments: [panelOf(poolId, trial)] };
}

function running(history: ScriptHistory): Command | null {
  const { running: count, waiting, trials } = history;
  if (count + waiting === 0) return null;
  const trial = trials.find(({ state }) => RUNNING.includes(state)) ?? trials[0];
  const words = [count > 0 ? `${count} running` : "", waiting > 0 ? `${waiting} waiting` : ""]
    .filter((part) => part !== "")
    .join(", ");
  // One that waits has no trial to be shown yet.
  if (!trial) return { title: `$(clock) ${words}`, command: "trainyard.experiments.focus" };
  return open(`${count > 0 ? "$(play-circle)" : "$(clock)"} ${words}`, history, trial);
}

function last(history: ScriptHistory): Command | null {
  const { last: trial, best: top } = history;
  if (trial === null) return null;
  if (trial.state === "failed") {
    // Of trials that failed alike one stands for all.
    const failure = history.failures.find((one) => one.trial.experimentId === trial.experimentId);
    const why = failure ? `: ${failure.message}` : "";
    return open(`$(error) last: failed${lensText(why)}`, history, trial);
  }
  // The lens of the best says it all.
  if (trial.trialId === top?.trialId) return null;
  const value = trial.metric ? `${trial.metric.name} ${valueText(trial.metric.value)}, ` : "";
  return open(`last: ${lensText(value + trial.state)}`, history, trial);
}

function best(history: ScriptHistory): Command | null {
  const { best: trial } = history;
  if (!trial?.metric) return null;
  const said = `best ${trial.metric.name} ${valueText(trial.metric.value)}`;
  return open(`${lensText(said)} (trial ${trial.trialId})`, history, trial);
}
