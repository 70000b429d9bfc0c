/** What a run prints, outside of its panel: as a document, and in a terminal. */
import * as vscode from "vscode";
import type { OutputDocuments, OutputOfRun } from "../editor/outputDocuments.ts";
import { ShownError } from "../errors.ts";
import { formatBytes } from "../format.ts";
import type { Pool } from "../pool/pool.ts";
import { OutputTerminal } from "../terminal/outputTerminal.ts";
import { experimentTitle } from "../views/labels.ts";
import type { Targets } from "./targets.ts";

const STREAMS = ["stdout", "stderr"] as const;

export class OutputCommands {
  readonly #targets: Targets;
  readonly #documents: OutputDocuments;
  constructor(targets: Targets, documents: OutputDocuments) {
    this.#targets = targets;
    this.#documents = documents;
  }

  /** @param argument a row of the tree, or an id; without one a person picks */
  async openDocument(argument: unknown): Promise<void> {
    const chosen = await this.#choose(argument, "Whose output shall be opened?");
    if (chosen) await this.document(chosen.pool, chosen.of);
  }
  async followInTerminal(argument: unknown): Promise<void> {
    const chosen = await this.#choose(argument, "Whose output shall be followed?");
    if (chosen) this.terminal(chosen.pool, chosen.of);
  }

  document(pool: Pool, of: OutputOfRun): Promise<void> {
    return this.#documents.open(pool, of);
  }
  terminal(pool: Pool, of: OutputOfRun): void {
    vscode.window
      .createTerminal({
        name: `${of.stream} of ${of.runId}`,
        pty: new OutputTerminal(pool, of),
        iconPath: new vscode.ThemeIcon("output"),
        isTransient: true,
      })
      .show();
  }

  async #choose(argument: unknown, question: string): Promise<{ pool: Pool; of: OutputOfRun } | undefined> {
    const target = await this.#targets.trial(argument, question);
    if (!target) return undefined;
    const { pool, experiment, trial } = target;
    const runId = trial.currentRun ?? pool.mirror?.runsOf(trial.id).at(-1)?.id;
    if (runId === undefined)
      throw new ShownError(`${experimentTitle(experiment)} has not run yet: it has printed nothing.`);
    const stream = await chooseStream(pool, runId);
    return stream && { pool, of: { runId, stream } };
  }
}

/** Nobody is asked where only one of the two has something. */
async function chooseStream(pool: Pool, runId: string): Promise<OutputOfRun["stream"] | undefined> {
  const sizes = await Promise.all(
    STREAMS.map(
      async (stream) => (await pool.call("output/read", { runId, stream, offset: -1, limit: 1 })).size,
    ),
  );
  const [stdout = 0, stderr = 0] = sizes;
  if (stderr === 0) return "stdout";
  if (stdout === 0) return "stderr";
  const picked = await vscode.window.showQuickPick(
    STREAMS.map((stream, index) => ({ label: stream, description: formatBytes(sizes[index] ?? 0) })),
    { placeHolder: "Which of its outputs?" },
  );
  return STREAMS.find((stream) => stream === picked?.label);
}
