/** Composition root of the extension: it only wires. What is heavy is loaded when it is first needed. */
import path from "node:path";
import * as vscode from "vscode";
import { Baselines } from "./baselines.ts";
import { AnnotationCommands } from "./commands/annotations.ts";
import { BuildLog } from "./commands/buildLog.ts";
import { COMPARE_TYPE, PANEL_TYPE, POOL_TYPE } from "./commands/commandIds.ts";
import { BaselineCommands } from "./commands/baseline.ts";
import { BrowseCommands } from "./commands/browseFiles.ts";
import { CompareCommands } from "./commands/compare.ts";
import { ConfigurationProblems } from "./commands/configurationProblems.ts";
import { DebugCommands } from "./commands/debugTrial.ts";
import { DataCommands } from "./commands/data.ts";
import { FreeSpaceCommands } from "./commands/freeSpace.ts";
import { ImportCommands } from "./commands/importRuns.ts";
import { createHandlers } from "./commands/handlers.ts";
import { MaintenanceCommands } from "./commands/maintenance.ts";
import { OutputCommands } from "./commands/outputCommands.ts";
import { PanelActions } from "./commands/panelActions.ts";
import { PoolCommands } from "./commands/poolCommands.ts";
import { PortCommands } from "./commands/portCommands.ts";
import { PoolPython } from "./commands/poolPython.ts";
import { PoolSettingsCommands } from "./commands/poolSettings.ts";
import { QueueCommands } from "./commands/queue.ts";
import { registerCommands } from "./commands/register.ts";
import { RestoreCommands } from "./commands/restore.ts";
import { RestoreMemory } from "./commands/restoreMemory.ts";
import { Secrets } from "./commands/secrets.ts";
import { SubmitCommands } from "./commands/submit.ts";
import { SubmitMemory } from "./commands/submitMemory.ts";
import { Targets } from "./commands/targets.ts";
import { PreemptionTests } from "./commands/testPreemption.ts";
import { DeterminedCommands } from "./commands/checkDetermined.ts";
import { PreviewCommands } from "./commands/previewSearch.ts";
import { TerminalCommands } from "./commands/terminalCommands.ts";
import { SearchCommands } from "./commands/searchCommands.ts";
import { TrialCommands } from "./commands/trialCommands.ts";
import { WillSend } from "./commands/willSend.ts";
import { NotesFiles } from "./editor/notes.ts";
import { OutputDocuments } from "./editor/outputDocuments.ts";
import { PoolFiles } from "./editor/poolFiles.ts";
import { registerTensorsEditor } from "./editor/tensorsEditor.ts";
import { SetUpLines } from "./editor/setUpLines.ts";
import { showError } from "./errors.ts";
import { Notifiers } from "./notifications/notifier.ts";
import { LazyLanguage } from "./language-server/client/lazyLanguage.ts";
import { LazyPanels } from "./panels/lazyPanels.ts";
import { Pools } from "./pool/pools.ts";
import { wakeIfUsed } from "./pool/wakeIfUsed.ts";
import { Forwardings } from "./ports/forwardings.ts";
import { ExperimentsTree } from "./views/experimentsTree.ts";
import { PoolsTree } from "./views/poolsTree.ts";
import { StatusBar } from "./views/statusBar.ts";

/** For the extension's own tests; not an interface for others. */
export interface InternalApi {
  readonly pools: Pools;
  readonly experiments: ExperimentsTree;
  readonly panels: LazyPanels;
  /** Folder of the extension's own files. */
  readonly storage: vscode.Uri;
}

export function activate(context: vscode.ExtensionContext): InternalApi {
  const log = vscode.window.createOutputChannel("Trainyard", { log: true });
  const pools = new Pools(context, log);
  const experiments = new ExperimentsTree(context, pools);
  const problems = new ConfigurationProblems(() => language);
  const secrets = new Secrets(context);
  const targets = new Targets(pools);
  const trials = new TrialCommands(targets);
  const annotations = new AnnotationCommands(targets);
  const kept = new Baselines(context.workspaceState);
  const baselines = new BaselineCommands(targets, kept);
  const searches = new SearchCommands(targets, problems);
  const panels = new LazyPanels({
    extensionUri: context.extensionUri,
    pools,
    baselines: kept,
    log,
    act: (pool, experimentId, action) =>
      void actions.act(pool, experimentId, action).catch((error: unknown) => showError(error, log)),
    actPool: (pool, action) =>
      void actions.actOnPool(pool, action).catch((error: unknown) => showError(error, log)),
    actCompare: (action) => void compares.act(action).catch((error: unknown) => showError(error, log)),
  });
  const compares = new CompareCommands(targets, pools, kept, panels);
  const memory = new SubmitMemory(context.workspaceState);
  const willSend = new WillSend(memory, problems, pools);
  const poolCommands = new PoolCommands(pools);
  const poolPython = new PoolPython(pools, memory);
  const buildLog = new BuildLog();
  const submits = new SubmitCommands({
    pools,
    addPool: () => poolCommands.add(),
    log,
    memory,
    secrets,
    problems,
    buildLog,
    submitted: (poolId, experimentId, trialId) => {
      void panels.open({ poolId, experimentId, trialId, keepFocus: true });
      experiments.reveal(poolId, experimentId);
    },
  });
  const preemptions = new PreemptionTests({ submits, memory, problems, log });
  const restores = new RestoreCommands(
    targets,
    submits,
    new RestoreMemory(context.workspaceState),
    (poolId, experimentId) => panels.open({ poolId, experimentId }),
  );
  const data = new DataCommands(targets, submits);
  const forwardings = new Forwardings(pools);
  const files = new PoolFiles(pools);
  const browses = new BrowseCommands(targets, files);
  const documents = new OutputDocuments(pools);
  const outputs = new OutputCommands(targets, documents);
  const queue = new QueueCommands(targets, pools);
  const actions = new PanelActions(
    trials,
    annotations,
    baselines,
    restores,
    browses,
    outputs,
    data,
    poolPython,
    queue,
    (poolId, experimentId, trialId) => panels.open({ poolId, experimentId, trialId }),
  );

  const language = new LazyLanguage({ extensionPath: context.extensionPath, pools, memory, log });
  const maintenance = new MaintenanceCommands(pools);
  const determined = new DeterminedCommands(context.extensionPath);

  context.subscriptions.push(
    log,
    maintenance,
    determined,
    pools,
    experiments,
    language,
    kept,
    panels,
    forwardings,
    new PoolsTree(pools, forwardings),
    new StatusBar(pools),
    files,
    documents,
    new NotesFiles(pools),
    registerTensorsEditor(files),
    buildLog,
    new SetUpLines(pools),
    new Notifiers(context, pools, (poolId, experimentId) => panels.isVisible(poolId, experimentId)),
    vscode.window.registerWebviewPanelSerializer(PANEL_TYPE, {
      deserializeWebviewPanel: (panel, state) => panels.restore(panel, state),
    }),
    vscode.window.registerWebviewPanelSerializer(COMPARE_TYPE, {
      deserializeWebviewPanel: (panel, state) => panels.restoreComparison(panel, state),
    }),
    vscode.window.registerWebviewPanelSerializer(POOL_TYPE, {
      deserializeWebviewPanel: (panel, state) => panels.restorePool(panel, state),
    }),
    registerCommands(
      createHandlers({
        pools,
        log,
        experiments,
        targets,
        trials,
        space: new FreeSpaceCommands(targets),
        annotations,
        baselines,
        compares,
        searches,
        submits,
        preemptions,
        previews: new PreviewCommands(pools, memory, problems),
        determined,
        willSend,
        data,
        restores,
        browses,
        debugs: new DebugCommands({ targets, memory, secrets, log, context }),
        outputs,
        secrets,
        panels,
        imports: new ImportCommands({
          pythonFolder: path.join(context.extensionPath, "dist", "python"),
          log,
          pool: () => submits.pool(),
          imported: (poolId, experimentId) => experiments.reveal(poolId, experimentId),
        }),
        poolCommands,
        maintenance,
        ports: new PortCommands(targets, forwardings),
        terminals: new TerminalCommands(pools, targets),
        poolPython,
        queue,
        poolSettings: new PoolSettingsCommands(pools),
        buildLog,
      }),
      log,
    ),
  );
  setImmediate(() => {
    wakeIfUsed(context, pools);
    void restores.offerToContinue();
  });
  return { pools, experiments, panels, storage: context.globalStorageUri };
}
