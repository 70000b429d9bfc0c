/** Which command does what. */
import * as vscode from "vscode";
import { openSource } from "../editor/source.ts";
import { ShownError } from "../errors.ts";
import type { LazyPanels } from "../panels/lazyPanels.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import type { ExperimentsTree } from "../views/experimentsTree.ts";
import type { ExperimentsNode } from "../views/nodes.ts";
import { experimentTitle } from "../views/labels.ts";
import type { AnnotationCommands } from "./annotations.ts";
import type { BaselineCommands } from "./baseline.ts";
import type { BrowseCommands } from "./browseFiles.ts";
import type { DeterminedCommands } from "./checkDetermined.ts";
import type { CompareCommands } from "./compare.ts";
import type { DataCommands } from "./data.ts";
import type { DebugCommands } from "./debugTrial.ts";
import { failedTrials } from "./failedTrials.ts";
import { filterExperiments } from "./filterExperiments.ts";
import type { OutputCommands } from "./outputCommands.ts";
import type { FreeSpaceCommands } from "./freeSpace.ts";
import type { ImportCommands } from "./importRuns.ts";
import type { PortCommands } from "./portCommands.ts";
import type { BuildLog } from "./buildLog.ts";
import type { CommandHandlers } from "./register.ts";
import type { MaintenanceCommands } from "./maintenance.ts";
import type { PoolCommands } from "./poolCommands.ts";
import type { PoolPython } from "./poolPython.ts";
import type { PoolSettingsCommands } from "./poolSettings.ts";
import type { PreemptionTests } from "./testPreemption.ts";
import type { PreviewCommands } from "./previewSearch.ts";
import type { QueueCommands } from "./queue.ts";
import type { RestoreCommands } from "./restore.ts";
import type { SearchCommands } from "./searchCommands.ts";
import type { Secrets } from "./secrets.ts";
import type { SubmitCommands } from "./submit.ts";
import type { Targets } from "./targets.ts";
import type { TerminalCommands } from "./terminalCommands.ts";
import type { TrialCommands } from "./trialCommands.ts";
import type { WillSend } from "./willSend.ts";

export interface HandlerDependencies {
  pools: Pools;
  log: vscode.LogOutputChannel;
  experiments: ExperimentsTree;
  targets: Targets;
  trials: TrialCommands;
  space: FreeSpaceCommands;
  annotations: AnnotationCommands;
  baselines: BaselineCommands;
  compares: CompareCommands;
  searches: SearchCommands;
  submits: SubmitCommands;
  preemptions: PreemptionTests;
  previews: PreviewCommands;
  determined: DeterminedCommands;
  willSend: WillSend;
  data: DataCommands;
  restores: RestoreCommands;
  browses: BrowseCommands;
  debugs: DebugCommands;
  outputs: OutputCommands;
  secrets: Secrets;
  panels: LazyPanels;
  imports: ImportCommands;
  poolCommands: PoolCommands;
  maintenance: MaintenanceCommands;
  ports: PortCommands;
  terminals: TerminalCommands;
  poolPython: PoolPython;
  poolSettings: PoolSettingsCommands;
  queue: QueueCommands;
  buildLog: BuildLog;
}

export function createHandlers(needs: HandlerDependencies): CommandHandlers {
  const {
    pools,
    log,
    experiments,
    targets,
    trials,
    space,
    annotations,
    baselines,
    compares,
    searches,
    submits,
    preemptions,
    previews,
    determined,
    willSend,
    data,
    restores,
    browses,
    debugs,
    outputs,
    secrets,
    panels,
    imports,
    poolCommands,
    maintenance,
    ports,
    terminals,
    poolPython,
    poolSettings,
    queue,
    buildLog,
  } = needs;

  const openPanel = async (argument: unknown, tab?: string): Promise<void> => {
    const row = await targets.row(argument, "Whose panel shall be opened?");
    if (row)
      await panels.open({
        poolId: row.pool.id,
        experimentId: row.experiment.id,
        trialId: row.trial?.id ?? null,
        ...(tab === undefined ? {} : { tab }),
      });
  };

  /** It has no checkpoints. */
  const wasImported = ({ poolId, experimentId }: ExperimentsNode): boolean =>
    pools.get(poolId)?.mirror?.experiments.get(experimentId)?.imported !== undefined;

  /** A run's row gives its checkpoint back; a search's own row opens its panel. */
  const openRow = (node: ExperimentsNode | undefined): unknown => {
    switch (node?.kind) {
      case "experiment":
        return openPanel(node);
      case "single":
      case "trial":
        return wasImported(node) ? openPanel(node) : restores.pick(node);
      case "checkpoint":
        return restores.run("restore", node);
      case "more":
        return experiments.showMore(node);
      case "problem":
        return experiments.retry(node);
      case "busy":
      case "group":
      case undefined:
        return undefined;
    }
  };

  /** Of a row of the tree, an id, or this machine's. */
  const poolOf = (argument: unknown): Pool => {
    const { poolId } = (
      typeof argument === "object" && argument !== null ? argument : { poolId: argument }
    ) as {
      poolId?: unknown;
    };
    return typeof poolId === "string" ? pools.must(poolId) : pools.local;
  };

  return {
    submit: (argument) => submits.submit(argument),
    submitWithOptions: (argument) => submits.submitWithOptions(argument),
    testPreemption: (argument) => preemptions.test(argument),
    checkDetermined: (argument) => determined.check(argument),
    previewSearch: (argument) => previews.preview(argument),
    showWillSend: (argument) => willSend.show(argument),
    showWhatWasSent: (argument) => openPanel(argument, "code"),
    openPanel: (argument) => openPanel(argument),
    showOutput: (argument) => openPanel(argument, "output"),
    openOutput: (argument) => outputs.openDocument(argument),
    followOutput: (argument) => outputs.followInTerminal(argument),
    goToFailingLine: async (argument) => {
      const target = await targets.trial(argument, "Which failure?", (trial) =>
        Boolean(trial.failure?.frame),
      );
      if (!target) return;
      const { pool, experiment, trial } = target;
      const failed = trial.failure?.frame
        ? trial
        : (await failedTrials(pool, experiment)).find((one) => one.failure?.frame);
      const frame = failed?.failure?.frame;
      if (!frame)
        throw new ShownError(
          `${experimentTitle(experiment)} names no line of your own code.`,
          "Its output may say more.",
        );
      await openSource(pool, experiment, frame.file, frame.line);
    },
    sendData: (argument) => data.send(argument),
    mapData: (argument) => data.map(argument),
    restore: (argument) => restores.pick(argument),
    restoreCheckpoint: (argument) => restores.run("restore", argument),
    restoreWithCode: (argument) => restores.run("withCode", argument),
    resumeFromHere: (argument) => restores.run("resume", argument),
    pinCheckpoint: (argument) => restores.run("pin", argument),
    unpinCheckpoint: (argument) => restores.run("unpin", argument),
    copyCheckpointPath: (argument) => restores.run("copyPath", argument),
    browseFiles: (argument) => browses.browse(argument),
    debugTrial: (argument) => debugs.debug(argument),
    pause: (argument) => trials.control("pause", argument),
    pauseUnavailable: (argument) => trials.control("pause", argument),
    resume: (argument) => trials.control("resume", argument),
    giveBack: (argument) => trials.giveBack(argument),
    setPriority: (argument) => queue.setPriority(argument),
    limitSlots: (argument) => queue.limitSlots(argument),
    openPoolPanel: (argument) => panels.openPool(poolOf(argument).id),
    whenWouldItStart: (argument) => queue.whenWouldItStart(argument),
    stop: (argument) => trials.control("stop", argument),
    kill: (argument) => trials.control("kill", argument),
    rename: (argument) => annotations.rename(argument),
    editLabels: (argument) => annotations.editLabels(argument),
    editNotes: (argument) => annotations.editNotes(argument),
    starTrial: (argument) => annotations.star(argument, true),
    unstarTrial: (argument) => annotations.star(argument, false),
    compare: (...args) => compares.compare(args),
    useAsBaseline: (argument) => baselines.use(argument),
    clearBaseline: (argument) => baselines.clear(argument),
    changeSearch: (argument) => searches.change(argument),
    addTrial: (argument) => searches.addTrial(argument),
    copyId: (argument) => trials.copyId(argument),
    importRuns: (argument, selected) => imports.run(argument, selected),
    freeSpace: (argument) => space.free(argument),
    delete: (argument) => trials.delete(argument),
    showAllExperiments: () => experiments.setShowAll(true),
    showWorkspaceExperiments: () => experiments.setShowAll(false),
    filterExperiments: (argument) => filterExperiments(experiments, argument),
    clearExperimentsFilter: () => experiments.setText(""),
    openRow: async () => openRow(await experiments.clicked()),
    openTerminal: (argument) => terminals.open(argument),
    forwardPort: (argument) => ports.forward(argument),
    openForwardedPort: (argument) => ports.act("open", argument),
    copyForwardedPort: (argument) => ports.act("copy", argument),
    closeForwardedPort: (argument) => ports.act("close", argument),
    reconnect: (argument) => poolOf(argument).reconnect(),
    stopServer: (argument) => poolOf(argument).stopServer(),
    addPool: () => poolCommands.add(),
    removePool: (argument) => poolCommands.remove(argument),
    purgePool: (argument) => poolCommands.purge(argument),
    checkPool: (argument) => maintenance.check(argument),
    backUpPool: (argument) => maintenance.backUp(argument),
    choosePool: () => submits.choosePool(),
    chooseInterpreter: () => poolPython.chooseHere(),
    choosePoolPython: (argument) => poolPython.choose(argument),
    editSetUpLines: (argument) => poolSettings.editSetUpLines(argument),
    setWheelFolder: (argument) => poolSettings.setWheelFolder(argument),
    showBuildLog: () => buildLog.show(),
    forgetSecret: () => secrets.forget(),
    manageTrust: () => vscode.commands.executeCommand("workbench.trust.manage"),
    showLog: () => log.show(),
  };
}
