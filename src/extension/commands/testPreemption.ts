/** Test Preemption: tries whether the open script may be preempted, and says what was found. */
import * as vscode from "vscode";
import type { PreemptionTest } from "../../cluster/client/preemptionTest.ts";
import { loadClient } from "../pool/client.ts";
import { withProgress } from "../progress.ts";
import type { ConfigurationProblems } from "./configurationProblems.ts";
import { COMMANDS } from "./commandIds.ts";
import { saveEditors } from "./script.ts";
import type { SubmitCommands } from "./submit.ts";
import { describeSubmit, type SubmitMemory } from "./submitMemory.ts";

const KEEP = "Keep Both Runs";
const SHOW = "Show the Preempted Run";

export interface PreemptionTestDependencies {
  submits: SubmitCommands;
  memory: SubmitMemory;
  problems: ConfigurationProblems;
  log: vscode.LogOutputChannel;
}

export class PreemptionTests {
  readonly #needs: PreemptionTestDependencies;
  constructor(needs: PreemptionTestDependencies) {
    this.#needs = needs;
  }

  /** With what was chosen for the script's last submit. */
  async test(argument: unknown): Promise<void> {
    const { submits, memory, problems, log } = this.#needs;
    const script = await submits.script(argument);
    const pool = script && (await submits.pool());
    if (!pool) return;
    const options = memory.optionsOf(script.file);
    const { configuration } = options;
    const chosen = configuration === null || configuration === "auto" ? null : configuration.file;
    if (!(await saveEditors(script, chosen))) return;
    const client = await loadClient();
    const found = await withProgress(
      `Testing preemption of ${describeSubmit(script.file, options)}`,
      async (signal, report) =>
        client.testPreemption({
          ...(await submits.submission(script, options, { pool, startFrom: null }, signal, report)),
          steps: client.DEFAULT_STEPS,
          onProgress: (message) => report({ message }),
        }),
    ).catch((error: unknown) => problems.explain(error, "Nothing was tested."));
    log.info(`Test Preemption of ${script.file}: ${found.verdict.finding} ${found.verdict.advice}`);
    // Not waited for: the message may stay for hours.
    void this.#say(found, pool.id);
  }

  /** What is safe leaves nothing behind, unless the person wants it; what is not is there to be looked at. */
  async #say({ verdict, experimentIds, remove }: PreemptionTest, poolId: string): Promise<void> {
    const text = [verdict.finding, verdict.advice].filter((sentence) => sentence !== "").join(" ");
    if (verdict.kind === "equal" || verdict.kind === "differs") {
      const answer = await vscode.window.showInformationMessage(text, KEEP);
      if (answer !== KEEP) await remove().catch((error: unknown) => this.#needs.log.warn(String(error)));
      return;
    }
    if ((await vscode.window.showWarningMessage(text, SHOW)) === SHOW)
      await vscode.commands.executeCommand(COMMANDS.openPanel, { poolId, experimentId: experimentIds[0] });
  }
}
