/** What the runs of a script are measured against, kept for the workspace. */
import * as vscode from "vscode";
import type { Experiment, MetricChoice, Trial } from "../cluster/protocol/entities.ts";

const KEY = "trainyard.baselines";
/** Scripts that are remembered, the latest last. */
const MOST_SCRIPTS = 50;

export interface Baseline {
  poolId: string;
  experimentId: number;
  trialId: string;
  /** `#12`, or of a search `12.3`. */
  label: string;
  /** Its best when it was last seen: its pool may be away. */
  metric: Pick<MetricChoice, "group" | "name"> | null;
  value: number | null;
}
type OfScript = Pick<Experiment, "workspace" | "script">;

export class Baselines implements vscode.Disposable {
  readonly #memento: vscode.Memento;
  readonly #emitter = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#emitter.event;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  dispose(): void {
    this.#emitter.dispose();
  }

  of(script: OfScript): Baseline | null {
    return this.#all()[keyOf(script)] ?? null;
  }

  async set(experiment: Experiment, trial: Trial, poolId: string): Promise<void> {
    const { id, searcher, metric } = experiment;
    await this.#keep(experiment, {
      poolId,
      experimentId: id,
      trialId: trial.id,
      label: searcher === "single" ? `#${id}` : trial.id,
      metric: metric && { group: metric.group, name: metric.name },
      value: trial.best?.value ?? null,
    });
  }

  async clear(script: OfScript): Promise<void> {
    await this.#keep(script, null);
  }

  async #keep(script: OfScript, baseline: Baseline | null): Promise<void> {
    const { [keyOf(script)]: _before, ...others } = this.#all();
    const kept = [...Object.entries(others), ...(baseline ? [[keyOf(script), baseline] as const] : [])];
    await this.#memento.update(KEY, Object.fromEntries(kept.slice(-MOST_SCRIPTS)));
    this.#emitter.fire();
  }

  #all(): Record<string, Baseline> {
    return this.#memento.get<Record<string, Baseline>>(KEY, {});
  }
}

function keyOf({ workspace, script }: OfScript): string {
  return `${workspace}\n${script}`;
}
