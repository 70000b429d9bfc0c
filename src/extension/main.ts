/** Composition root of the extension: it only wires. What is heavy is loaded when it is first needed. */
import * as vscode from "vscode";
import { PANEL_TYPE } from "./commands/commandIds.ts";
import { ConfigurationProblems } from "./commands/configurationProblems.ts";
import { createHandlers } from "./commands/handlers.ts";
import { PanelActions } from "./commands/panelActions.ts";
import { registerCommands } from "./commands/register.ts";
import { RestoreCommands } from "./commands/restore.ts";
import { Secrets } from "./commands/secrets.ts";
import { SubmitCommands } from "./commands/submit.ts";
import { SubmitMemory } from "./commands/submitMemory.ts";
import { Targets } from "./commands/targets.ts";
import { TrialCommands } from "./commands/trialCommands.ts";
import { WillSend } from "./commands/willSend.ts";
import { PoolFiles } from "./editor/poolFiles.ts";
import { showError } from "./errors.ts";
import { Notifier } from "./notifications/notifier.ts";
import { LazyPanels } from "./panels/lazyPanels.ts";
import { Pool } from "./pool/pool.ts";
import { wakeIfUsed } from "./pool/wakeIfUsed.ts";
import { ExperimentsTree } from "./views/experimentsTree.ts";
import { PoolsTree } from "./views/poolsTree.ts";
import { StatusBar } from "./views/statusBar.ts";

/** For the extension's own tests; not an interface for others. */
export interface InternalApi {
  readonly pool: Pool;
  readonly experiments: ExperimentsTree;
  readonly panels: LazyPanels;
}

export function activate(context: vscode.ExtensionContext): InternalApi {
  const log = vscode.window.createOutputChannel("Trainyard", { log: true });
  const pool = new Pool(context, log);
  const experiments = new ExperimentsTree(context, pool);
  const problems = new ConfigurationProblems();
  const secrets = new Secrets(context);
  const targets = new Targets(pool);
  const trials = new TrialCommands(pool, targets);
  const panels = new LazyPanels({
    extensionUri: context.extensionUri,
    pool,
    log,
    act: (experimentId, action) =>
      void actions.act(experimentId, action).catch((error: unknown) => showError(error, log)),
  });
  const memory = new SubmitMemory(context.workspaceState);
  const willSend = new WillSend(memory, problems);
  const submits = new SubmitCommands({
    pool,
    log,
    memory,
    secrets,
    problems,
    submitted: (experimentId, trialId) => {
      void panels.open({ experimentId, trialId, keepFocus: true });
      experiments.reveal(experimentId);
    },
  });
  const restores = new RestoreCommands(pool, targets, submits, (experimentId) =>
    panels.open({ experimentId }),
  );
  const actions = new PanelActions(pool, trials, restores);

  context.subscriptions.push(
    log,
    pool,
    experiments,
    problems,
    panels,
    new PoolsTree(pool),
    new StatusBar(pool),
    new PoolFiles(pool),
    new Notifier(context, pool, (experimentId) => panels.isVisible(experimentId)),
    vscode.window.registerWebviewPanelSerializer(PANEL_TYPE, {
      deserializeWebviewPanel: (panel, state) => panels.restore(panel, state),
    }),
    registerCommands(
      createHandlers({
        pool,
        log,
        experiments,
        targets,
        trials,
        submits,
        willSend,
        restores,
        secrets,
        panels,
      }),
      log,
    ),
  );
  setImmediate(() => wakeIfUsed(context, pool));
  return { pool, experiments, panels };
}
