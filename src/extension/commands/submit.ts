/** Submit: the script as it stands, with what was chosen last. The path itself is the client's submitExperiment(). */
import path from "node:path";
import * as vscode from "vscode";
import type { SubmitOptions, SubmitStep, Submitted } from "../../cluster/client/submit.ts";
import { preemptsText, startsSentence, startsText } from "../../cluster/protocol/queueWords.ts";
import { messageOf } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";
import { type ProgressReport, withProgress } from "../progress.ts";
import type { BuildLog } from "./buildLog.ts";
import type { ConfigurationProblems } from "./configurationProblems.ts";
import { askAboutEnvironment } from "./environmentQuestion.ts";
import { buildingText } from "./environmentWords.ts";
import { editorInterpreter } from "./interpreter.ts";
import { findScript, requireTrust, saveEditors, type Script } from "./script.ts";
import type { Secrets } from "./secrets.ts";
import { askAboutSize } from "./sizeQuestion.ts";
import { describeSubmit, type ScriptOptions, type SubmitMemory } from "./submitMemory.ts";
import { askOptions } from "./submitOptions.ts";

/** Time to read what was submitted, with which arguments. */
const SUBMITTED_MS = 8000;
/** Longer nobody waits to hear when it starts. */
const ASKED_MS = 2000;

const STEPS: Readonly<Record<SubmitStep, string>> = {
  planning: "looking at the code",
  connecting: "connecting to the pool",
  snapshotting: "taking the snapshot",
  sending: "sending the snapshot",
  preparing: "looking for its Python there",
  building: "building its environment",
  submitting: "submitting",
};

/** `1.2 GB of 20 GB`, or `1.2 GB` where nobody knows the whole. */
function bytesWords({ done, total }: { done: number; total: number | null }): string {
  return total === null ? formatBytes(done) : `${formatBytes(done)} of ${formatBytes(total)}`;
}

/** Where it goes, and the checkpoint that it goes on from. */
interface Target {
  pool: Pool;
  startFrom: string | null;
  /** What an old experiment was started with is not what the person chooses for the next one. */
  isRepeat?: boolean;
}

export interface SubmitDependencies {
  pools: Pools;
  /** Adds a pool; undefined when the person thought better of it. */
  addPool: () => Promise<Pool | undefined>;
  log: vscode.LogOutputChannel;
  memory: SubmitMemory;
  secrets: Secrets;
  problems: ConfigurationProblems;
  buildLog: BuildLog;
  /** What happens when the experiment is there: its panel opens, its row is selected. */
  submitted: (poolId: string, experimentId: number, trialId: string | null) => void;
}

export class SubmitCommands {
  readonly #needs: SubmitDependencies;
  constructor(needs: SubmitDependencies) {
    this.#needs = needs;
  }

  /** @returns the new experiment's id, or undefined when the person thought better of it */
  async submit(argument: unknown): Promise<number | undefined> {
    const script = await this.script(argument);
    const pool = script && (await this.pool());
    if (!pool) return undefined;
    return this.submitScript(script, this.#needs.memory.optionsOf(script.file), { pool, startFrom: null });
  }

  async submitWithOptions(argument: unknown): Promise<number | undefined> {
    const script = await this.script(argument);
    if (!script) return undefined;
    const pool = await this.choosePool();
    if (!pool) return undefined;
    const last = this.#needs.memory.optionsOf(script.file);
    const options = await askOptions(script, last, (slots) => this.#whenWouldStart(pool, slots));
    return options && this.submitScript(script, options, { pool, startFrom: null });
  }

  async submitScript(script: Script, options: ScriptOptions, target: Target): Promise<number | undefined> {
    const { memory, log, problems } = this.#needs;
    requireTrust();
    const { configuration } = options;
    const chosen = configuration === null || configuration === "auto" ? null : configuration.file;
    if (!(await saveEditors(script, chosen))) return undefined;
    const what = describeSubmit(script.file, options);
    const submitted = await withProgress(`Submitting ${what}`, (signal, report) =>
      this.#send(script, options, target, signal, report),
    ).catch((error: unknown) => problems.explain(error, "Nothing was submitted."));
    log.info(`Submitted experiment ${submitted.experimentId}: ${describe(submitted)}`);
    if (target.isRepeat !== true) await memory.remember(script.file, options);
    vscode.window.setStatusBarMessage(`Submitted ${what}`, SUBMITTED_MS);
    void this.#sayWhen(what, target.pool, submitted.trialId);
    if (submitted.notes.length > 0) this.#sayNotes(submitted.notes);
    this.#needs.submitted(target.pool.id, submitted.experimentId, submitted.trialId);
    return submitted.experimentId;
  }

  /** The open one, the one that a menu gives, or one that is picked. */
  async script(argument: unknown): Promise<Script | undefined> {
    requireTrust();
    return findScript(argument, this.#needs.memory.recentScripts);
  }

  async #send(
    script: Script,
    options: ScriptOptions,
    { pool, startFrom }: Target,
    signal: AbortSignal,
    report: (report: ProgressReport) => void,
  ): Promise<Submitted> {
    const client = await loadClient();
    return client.submitExperiment(
      await this.submission(script, options, { pool, startFrom }, signal, report),
    );
  }

  /** What a submit of the script needs, with the questions that it may ask. */
  async submission(
    script: Script,
    options: ScriptOptions,
    { pool, startFrom }: Target,
    signal: AbortSignal,
    report: (report: ProgressReport) => void,
  ): Promise<SubmitOptions> {
    const { log, secrets, buildLog } = this.#needs;
    const connection = pool.connection(signal);
    // While it connects the snapshot is planned; the submit itself says when it does not.
    connection.catch(() => undefined);
    const client = await loadClient();
    return {
      connection,
      pool: pool.id,
      isRemote: pool.place.isRemote,
      stateFolder: client.defaultStateFolder(),
      script: script.file,
      folder: script.folder,
      arguments: options.arguments,
      configuration: options.configuration,
      ...(options.slots === null ? {} : { slots: options.slots }),
      launcher: options.launcher ?? "python",
      interpreter: pool.place.isRemote ? {} : { editorChoice: await editorInterpreter(script.file, log) },
      startFrom,
      secrets: (names) => secrets.values(names),
      confirm: askAboutSize,
      environment: (question) => {
        report({ message: "waiting for your answer" });
        return askAboutEnvironment(question, buildLog);
      },
      onBuildOutput: (text) => {
        buildLog.append(text);
        const message = buildingText(text);
        if (message !== null) report({ message });
      },
      onProgress: (step, bytes) => {
        report({ message: STEPS[step] + (bytes ? `, ${bytesWords(bytes)}` : "") });
        if (step === "building") buildLog.begin(`${path.basename(script.file)} on ${pool.name}`);
      },
      signal,
    };
  }

  /** The first submit of a workspace asks where to; the answer holds until another one is chosen. */
  async pool(): Promise<Pool | undefined> {
    const { memory, pools } = this.#needs;
    const chosen = memory.pool === null ? undefined : pools.get(memory.pool);
    return chosen ?? this.choosePool();
  }

  /** @returns undefined when the person thought better of it */
  async choosePool(): Promise<Pool | undefined> {
    const { memory, pools, addPool } = this.#needs;
    const items = pools.all.map((pool) => ({
      label: `$(${pool.place.isRemote ? "remote" : "vm"}) ${pool.name}`,
      description: pool.info?.folder ?? "",
      detail: pool.place.isRemote
        ? "Runs there: this machine may sleep, and the editor may be closed."
        : "Runs here, in the background: closing the editor does not stop it.",
      pool,
    }));
    const last = items.findIndex(({ pool }) => pool.id === (memory.pool ?? LOCAL));
    if (last > 0) items.unshift(...items.splice(last, 1));
    const add = { label: "$(add) Add Pool...", description: "a host that you reach over SSH", pool: null };
    const picked = await vscode.window.showQuickPick([...items, add], {
      title: "Where shall the experiments of this folder run?",
      placeHolder: memory.pool === null ? "Asked once for each folder" : "Holds for the next submits too",
    });
    const pool = picked && (picked.pool ?? (await addPool()));
    if (pool) await memory.setPool(pool.id);
    return pool;
  }

  async #whenWouldStart(pool: Pool, slots: number): Promise<string | null> {
    if (pool.status.state !== "connected") return null;
    try {
      const { startsIn, reason, preempts } = await pool.call(
        "queue/forecast",
        { slots },
        AbortSignal.timeout(ASKED_MS),
      );
      const others = preempts.length === 0 ? "" : ` ${preemptsText(preempts)}`;
      const when = startsSentence(startsIn) || reason;
      return `${pool.name}, ${plural(slots, "slot")}: ${when}${others}`;
    } catch (error) {
      this.#needs.log.debug(`When a trial would start is not known: ${messageOf(error)}`);
      return null;
    }
  }

  /** When it starts, if the pool knows soon; else its panel says it. */
  async #sayWhen(what: string, pool: Pool, trialId: string | null): Promise<void> {
    try {
      const { waiting } = await pool.call("queue/state", {}, AbortSignal.timeout(ASKED_MS));
      const wait = waiting.find((one) => one.trialId === trialId);
      if (trialId === null) return;
      const when =
        wait?.startsIn === null
          ? wait.reason
          : `starts ${startsText(wait?.startsIn ?? { fromMs: 0, toMs: 0 })}`;
      vscode.window.setStatusBarMessage(`Submitted ${what}: ${when}`, SUBMITTED_MS);
    } catch (error) {
      this.#needs.log.debug(`When ${what} starts is not known: ${messageOf(error)}`);
    }
  }

  #sayNotes(notes: readonly string[]): void {
    const { log } = this.#needs;
    for (const note of notes) log.info(note);
    const text = notes.length === 1 ? notes[0] : `${notes[0]} (and ${notes.length - 1} more)`;
    void vscode.window
      .showInformationMessage(text ?? "", "Show Log")
      .then((answer) => answer && log.show(true));
  }
}

function describe({ snapshot, interpreter, sentBytes, timings }: Submitted): string {
  const steps = Object.entries(timings).map(([step, ms]) => `${step} ${Math.round(ms)} ms`);
  return (
    `${snapshot.files} files, ${snapshot.bytes} bytes, tree ${snapshot.tree}, ${sentBytes} bytes sent; ` +
    `${interpreter.path} (${interpreter.origin}); ${steps.join(", ")}`
  );
}
