/** Compares trials: which ones, and the code of two of them. */
import * as vscode from "vscode";
import { changedFiles, type ChangedFile } from "../../cluster/client/compare/changedFiles.ts";
import type { CompareAction, Subject } from "../../webviews/contract/compare.ts";
import type { Baselines } from "../baselines.ts";
import { snapshotUri } from "../editor/poolFiles.ts";
import { ShownError } from "../errors.ts";
import { plural } from "../format.ts";
import type { LazyPanels } from "../panels/lazyPanels.ts";
import type { Pools } from "../pool/pools.ts";
import type { TargetRow, Targets } from "./targets.ts";

/** As the contract of the page says; its schemas are not loaded for a command. */
const LEAST = 2;
const MOST = 8;
/** More files than this in one diff are no help. */
const MOST_FILES = 200;

export class CompareCommands {
  readonly #targets: Targets;
  readonly #pools: Pools;
  readonly #baselines: Baselines;
  readonly #panels: Pick<LazyPanels, "open" | "openComparison">;
  constructor(
    targets: Targets,
    pools: Pools,
    baselines: Baselines,
    panels: Pick<LazyPanels, "open" | "openComparison">,
  ) {
    this.#targets = targets;
    this.#baselines = baselines;
    this.#pools = pools;
    this.#panels = panels;
  }

  /**
   * @param args the row of a menu and all that are selected, or ids; with fewer than two a person picks, and what was
   * given is picked already
   */
  async compare(args: readonly unknown[]): Promise<void> {
    const [first, selected] = args;
    const given = Array.isArray(selected) && selected.length > 0 ? (selected as unknown[]) : args;
    const rows = await this.#targets.rows(
      given.filter((one) => one !== undefined && !Array.isArray(one)),
      `Which ones shall be compared? ${LEAST} to ${MOST}`,
      LEAST,
    );
    if (!rows) return;
    if (rows.length < LEAST || rows.length > MOST)
      throw new ShownError(
        `${plural(rows.length, "trial")} cannot be compared.`,
        `Pick ${LEAST} to ${MOST} experiments or trials.`,
      );
    // First is what the others are measured against: the script's baseline, else the row on which the menu was opened.
    const leader = rows.find((row) => this.#isBaseline(row)) ?? rows.find((row) => isRow(row, first));
    const ordered = leader ? [leader, ...rows.filter((row) => row !== leader)] : rows;
    await this.#panels.openComparison(ordered.map(subjectOf));
  }

  async act(action: CompareAction): Promise<void> {
    switch (action.action) {
      case "open":
        return this.#panels.open(action.subject);
      case "compareCode":
        return this.#compareCode(action.before, action.after);
    }
  }

  #isBaseline({ pool, experiment, trial }: TargetRow): boolean {
    const baseline = this.#baselines.of(experiment);
    if (baseline?.poolId !== pool.id || baseline.experimentId !== experiment.id) return false;
    return baseline.trialId === (trial?.id ?? experiment.best?.trialId);
  }

  async #compareCode(before: Subject, after: Subject): Promise<void> {
    const [left, right] = await Promise.all([this.#files(before), this.#files(after)]);
    const changed = changedFiles(left, right, await this.#script(after));
    const title = `Code of ${idOf(before)} and ${idOf(after)}`;
    if (changed.length === 0) {
      void vscode.window.showInformationMessage(`${title}: no file differs.`);
      return;
    }
    const [only] = changed;
    const sides = (file: ChangedFile): { left: vscode.Uri | undefined; right: vscode.Uri | undefined } => ({
      left: file.isBefore ? snapshotUri(before.poolId, before.experimentId, file.path) : undefined,
      right: file.isAfter ? snapshotUri(after.poolId, after.experimentId, file.path) : undefined,
    });
    if (changed.length === 1 && only?.isBefore && only.isAfter) {
      const { left: from, right: to } = sides(only);
      await vscode.commands.executeCommand("vscode.diff", from, to, `${only.path}: ${title}`);
      return;
    }
    const shown = changed.slice(0, MOST_FILES);
    const hidden = changed.length - shown.length;
    const resources = shown.map((file) => {
      const { left: from, right: to } = sides(file);
      return [to ?? from, from, to];
    });
    const more = hidden > 0 ? ` (the first ${MOST_FILES} of ${plural(changed.length, "file")})` : "";
    await vscode.commands.executeCommand("vscode.changes", `${title}${more}`, resources);
  }

  async #files({ poolId, experimentId }: Subject) {
    const { files } = await this.#pools.must(poolId).call("snapshot/files", { experimentId });
    return files;
  }

  async #script({ poolId, experimentId }: Subject): Promise<string> {
    const pool = this.#pools.must(poolId);
    await (await pool.reader()).experiment(experimentId);
    return pool.mirror?.experiments.get(experimentId)?.script ?? "";
  }
}

/** An experiment of one trial is named by its own number. */
function subjectOf({ pool, experiment, trial }: TargetRow): Subject {
  const trialId = experiment.searcher === "single" ? null : (trial?.id ?? null);
  return { poolId: pool.id, experimentId: experiment.id, trialId };
}

function isRow({ pool, experiment, trial }: TargetRow, argument: unknown): boolean {
  if (typeof argument !== "object" || argument === null) return false;
  const { poolId, experimentId, trialId } = argument as Record<string, unknown>;
  const isSameTrial = trialId === undefined || trialId === (trial?.id ?? undefined);
  return poolId === pool.id && experimentId === experiment.id && isSameTrial;
}

function idOf({ experimentId, trialId }: Subject): string {
  return trialId ?? `#${experimentId}`;
}
