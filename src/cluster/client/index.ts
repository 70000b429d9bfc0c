/** What the extension and the command line use of a pool. The one barrel of the project: it is a bundle's entry point. */
export { connect, type OpenStream, type PoolConnection } from "./connection.ts";
export { type CallErrorReason, PoolCallError } from "./poolCallError.ts";
export { type LinkState, PoolLink } from "./link.ts";
export { localPaths } from "./localPaths.ts";
export { connectLocalPool, type LocalPoolOptions } from "./localPool.ts";
export { type MirrorChange, PoolMirror } from "./mirror.ts";
export { type MirrorReader } from "./mirror/reader.ts";
export { findPool, isRemote, openPool } from "./pools/openPool.ts";
export { backUpPool, checkPool, type MaintainOptions } from "./pools/maintain.ts";
export { addPool, type PoolEntry, readPools, removePool } from "./pools/poolList.ts";
export { type PoolContents, purgePool, type Purged } from "./pools/purgePool.ts";
export { parseDestination } from "./ssh/destination.ts";
export { listHosts } from "./ssh/hostList.ts";
export { messageOf, UserError } from "./userError.ts";
export { followOutput, readOutput } from "./output.ts";
export { type Entry, listFolder, type Listing, type Place } from "./browse/folders.ts";
export { openPoolFile, type RangeReader } from "./browse/poolFile.ts";
export { readTensors, type Tensors } from "./browse/safetensors.ts";
export { DEFAULT_STEPS, type PreemptionTest, testPreemption } from "./preemptionTest.ts";
export { type Verdict } from "./preemption/verdict.ts";
export { rankCheckpoints } from "./checkpointChoice.ts";
export {
  ConfigurationError,
  dataPathsOf,
  type DataPlace,
  dataPlacesOf,
  findConfiguration,
  type LoadedConfiguration,
  loadConfiguration,
  type Located,
  parseConfiguration,
} from "./configuration.ts";
export { scriptBeside } from "./scriptBeside.ts";
export { type ForwardedPort, forwardPort } from "./forwardPort.ts";
export { type PathOnPool, requirePathOnPool } from "./mappedPaths.ts";
export { checkDetermined } from "./determined/report.ts";
export { reportText as determinedReportText } from "./determined/words.ts";
export { buildEnvironment, type BuildOptions } from "./environment/build.ts";
export {
  type EnvironmentAnswer,
  type EnvironmentQuestion,
  type ListedInterpreter,
} from "./environment/prepare.ts";
export { sourceText } from "./environment/words.ts";
export { type FoundRun, readRuns, type ReadRuns } from "./imports/readRuns.ts";
export { knownRuns, sendRuns, type SentRun } from "./imports/sendRuns.ts";
export { type Interpreter, type InterpreterRequest, resolveInterpreter } from "./interpreter.ts";
export {
  checkpointFolder,
  restoreCheckpoint,
  type Restored,
  type RestoreOptions,
  type RestoreProgress,
} from "./restore.ts";
export { restoreCode, type RestoreCodeOptions, type RestoredCode } from "./restore/code.ts";
export { readAssignments } from "./handWritten.ts";
export { cachedCheckpoint } from "./restore/cached.ts";
export { interpreterHere, type LocalLaunch, localLaunch } from "./localLaunch.ts";
export { requireOwnCode, withoutLoading } from "./ownCode.ts";
export { restoreThroughCuts, type ThroughCuts } from "./restore/throughCuts.ts";
export { pullRunFile, type Pulled, type PullOptions } from "./restore/runFile.ts";
export {
  confirmSize,
  leaveOut,
  linkPath,
  mapPath,
  sendPath,
  takeInAgain,
  unlinkPath,
  unmapPath,
} from "./snapshot/answers.ts";
export { findRepository } from "./snapshot/person.ts";
export { ASK_ABOVE, type PlanOptions, planSnapshot, type SnapshotPlan } from "./snapshot/plan.ts";
export { pushSnapshot } from "./snapshot/push.ts";
export { type FolderSize, largestFolders, measurePath } from "./snapshot/sizes.ts";
export { writeSnapshot, type WrittenSnapshot } from "./snapshot/write.ts";
export { defaultStateFolder } from "./stateFolder.ts";
export { submitExperiment, type SubmitOptions, type SubmitStep, type Submitted } from "./submit.ts";
export { SubmitCancelled } from "./submitCancelled.ts";
export { expectedText, previewText } from "./previewWords.ts";
export { type Expectation, expectationOf, loadSearch, type PreviewedSearch } from "./searchPreview.ts";
