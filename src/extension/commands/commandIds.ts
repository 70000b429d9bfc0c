/** Every command of package.json, and nothing else: a test holds the two and what is registered together. */
export const COMMANDS = {
  submit: "trainyard.submit",
  submitWithOptions: "trainyard.submitWithOptions",
  testPreemption: "trainyard.testPreemption",
  previewSearch: "trainyard.previewSearch",
  checkDetermined: "trainyard.checkDetermined",
  showWillSend: "trainyard.showWillSend",
  showWhatWasSent: "trainyard.showWhatWasSent",
  openPanel: "trainyard.openPanel",
  showOutput: "trainyard.showOutput",
  openOutput: "trainyard.openOutput",
  followOutput: "trainyard.followOutput",
  goToFailingLine: "trainyard.goToFailingLine",
  sendData: "trainyard.sendData",
  mapData: "trainyard.mapData",
  restore: "trainyard.restore",
  restoreCheckpoint: "trainyard.restoreCheckpoint",
  restoreWithCode: "trainyard.restoreWithCode",
  resumeFromHere: "trainyard.resumeFromHere",
  pinCheckpoint: "trainyard.pinCheckpoint",
  unpinCheckpoint: "trainyard.unpinCheckpoint",
  copyCheckpointPath: "trainyard.copyCheckpointPath",
  browseFiles: "trainyard.browseFiles",
  debugTrial: "trainyard.debugTrial",
  pause: "trainyard.pause",
  pauseUnavailable: "trainyard.pauseUnavailable",
  resume: "trainyard.resume",
  giveBack: "trainyard.giveBack",
  stop: "trainyard.stop",
  kill: "trainyard.kill",
  changeSearch: "trainyard.changeSearch",
  addTrial: "trainyard.addTrial",
  setPriority: "trainyard.setPriority",
  limitSlots: "trainyard.limitSlots",
  openPoolPanel: "trainyard.openPoolPanel",
  whenWouldItStart: "trainyard.whenWouldItStart",
  rename: "trainyard.rename",
  editLabels: "trainyard.editLabels",
  editNotes: "trainyard.editNotes",
  starTrial: "trainyard.starTrial",
  unstarTrial: "trainyard.unstarTrial",
  compare: "trainyard.compare",
  useAsBaseline: "trainyard.useAsBaseline",
  clearBaseline: "trainyard.clearBaseline",
  copyId: "trainyard.copyId",
  importRuns: "trainyard.importRuns",
  freeSpace: "trainyard.freeSpace",
  delete: "trainyard.delete",
  showAllExperiments: "trainyard.showAllExperiments",
  showWorkspaceExperiments: "trainyard.showWorkspaceExperiments",
  filterExperiments: "trainyard.filterExperiments",
  clearExperimentsFilter: "trainyard.clearExperimentsFilter",
  openRow: "trainyard.openRow",
  openTerminal: "trainyard.openTerminal",
  forwardPort: "trainyard.forwardPort",
  openForwardedPort: "trainyard.openForwardedPort",
  copyForwardedPort: "trainyard.copyForwardedPort",
  closeForwardedPort: "trainyard.closeForwardedPort",
  reconnect: "trainyard.reconnect",
  stopServer: "trainyard.stopServer",
  addPool: "trainyard.addPool",
  removePool: "trainyard.removePool",
  purgePool: "trainyard.purgePool",
  checkPool: "trainyard.checkPool",
  backUpPool: "trainyard.backUpPool",
  choosePool: "trainyard.choosePool",
  chooseInterpreter: "trainyard.chooseInterpreter",
  choosePoolPython: "trainyard.choosePoolPython",
  editSetUpLines: "trainyard.editSetUpLines",
  setWheelFolder: "trainyard.setWheelFolder",
  showBuildLog: "trainyard.showBuildLog",
  forgetSecret: "trainyard.forgetSecret",
  manageTrust: "trainyard.manageTrust",
  showLog: "trainyard.showLog",
} as const;

export type CommandName = keyof typeof COMMANDS;
export type CommandId = (typeof COMMANDS)[CommandName];

/** Views, context keys and schemes that package.json names too. */
export const VIEWS = { experiments: "trainyard.experiments", pools: "trainyard.pools" } as const;
export const PANEL_TYPE = "trainyard.experiment";
export const COMPARE_TYPE = "trainyard.compare";
export const POOL_TYPE = "trainyard.pool";
export const TENSORS_EDITOR = "trainyard.tensors";
export const SCHEME = "trainyard";
/** Scheme of output as documents. */
export const OUTPUT = "trainyard-output";
/** Scheme of notes as documents. */
export const NOTES = "trainyard-notes";
/** Scheme, language and ending of the document with a pool's set-up lines. */
export const SET_UP_LINES = "trainyard-setup";
export const CONTEXT = {
  connection: "trainyard.connection",
  showAll: "trainyard.showAll",
  otherExperiments: "trainyard.otherExperiments",
  /** The experiments are filtered by text. */
  filtered: "trainyard.filtered",
} as const;
