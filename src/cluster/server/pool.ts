/** One open pool: its folder, its database, its experiments. Knows nothing of sockets; main.ts joins it to them. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import path from "node:path";
import { createDailyBackup } from "./backup/daily.ts";
import { openAsPool } from "./backup/marker.ts";
import { CallError } from "./callError.ts";
import { isLost } from "./check/rebuild/rebuildDatabase.ts";
import { createEnvironments } from "./environments/environments.ts";
import type { SetUp } from "./environments/setUp.ts";
import type { Context } from "./experiments/context.ts";
import { createExperiments } from "./experiments/service.ts";
import { messageOf } from "./errors.ts";
import { createHandlers } from "./handlers/handlers.ts";
import { withDiskErrors } from "./handlers/diskErrors.ts";
import { createLists } from "./lists/pages.ts";
import { OutputThread } from "./output/thread.ts";
import type { Broadcaster, Diagnose, Executor, Handlers, Logger, SlotSource, Tickets } from "./ports.ts";
import { createDiskWatch } from "./resources/diskWatch.ts";
import { createRunFiles } from "./runs/files.ts";
import { createRunFollower } from "./runs/follower.ts";
import { createOutputReader } from "./runs/output.ts";
import type { Timed } from "./loopWatch.ts";
import { createCurveStore } from "./store/curves/curveStore.ts";
import { openDatabase } from "./store/database.ts";
import { createPoolStore } from "./store/poolStore.ts";
import { createSecretStore } from "./store/secrets.ts";
import type { LocalSnapshotStore } from "./trees/snapshotStore.ts";

export interface PoolOptions {
  /** Absolute path of the pool folder. */
  home: string;
  /** Absolute path of the host-wide leases. */
  leases: string;
  /** Folder that holds the Python package `trainyard`. */
  pythonFolder: string;
  /** Program of the thread that searches output. */
  outputWorker: string | URL;
  version: string;
  setUp: SetUp;
  executor: Executor;
  snapshots: LocalSnapshotStore;
  slots: SlotSource;
  diagnose: Diagnose;
  logger: Logger;
  timed: Timed;
  /** A client asked the server to stop. */
  onStop(): void;
}

export interface OpenPool {
  handlers: Handlers;
  /** Goes on with what an earlier server left, and from now on tells clients. */
  start(broadcaster: Broadcaster, tickets: Tickets): void;
  /** Resolves when it may be asked: what it says of its runs is of now. */
  caughtUp(): Promise<void>;
  clientGone: (clientId: number) => void;
  /** Something runs, waits or is built. */
  isAlive(): boolean;
  /** The trials live on. */
  close(): Promise<void>;
}

/** Makes the pool folder where it is missing. @throws Error in words for the person when it cannot be written */
export function preparePoolFolder(home: string): void {
  try {
    for (const folder of ["", "state", "runs", "checkpoints"])
      mkdirSync(path.join(home, folder), { recursive: true, mode: 0o700 });
    accessSync(path.join(home, "state"), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(
      `The pool folder ${home} cannot be written: ${messageOf(error)}. Set TRAINYARD_HOME to a folder of yours.`,
      { cause: error },
    );
  }
}

export function openPool(options: PoolOptions): OpenPool {
  const { home, logger, timed } = options;
  const state = path.join(home, "state");
  preparePoolFolder(home);
  openAsPool(home);
  // A new database would count experiments from 1 again, into the folders of the old ones.
  if (isLost(home))
    throw new CallError(
      "unavailable",
      `The pool's database is gone (${path.join(state, "pool.sqlite")}), and there are runs.`,
      "Run: trainyard pool check --repair. It is rebuilt from its backup and the run directories; training goes on.",
    );
  let tickets: Tickets | null = null;
  let notifyCommitted: () => void = () => undefined;

  const file = path.join(state, "pool.sqlite");
  const database = openDatabase(file, options.version);
  const store = createPoolStore(database, () => {
    notifyCommitted();
  });
  const daily = createDailyBackup({ file, database, folder: path.join(state, "backups"), logger });
  const curves = createCurveStore(path.join(state, "curves"), logger);
  const runsFolder = path.join(home, "runs");
  const disk = createDiskWatch({ folder: home, logger });
  const context: Context = {
    pool: home,
    leases: options.leases,
    store,
    secrets: createSecretStore(path.join(state, "secrets")),
    curves,
    executor: options.executor,
    follower: createRunFollower(runsFolder, curves, logger, timed),
    output: createOutputReader(runsFolder),
    outputThread: new OutputThread(options.outputWorker),
    files: createRunFiles({ pool: home, treeFolder: (tree) => options.snapshots.treeFolder(tree) }),
    snapshots: options.snapshots,
    slots: options.slots,
    diagnose: options.diagnose,
    disk,
    logger,
    timed,
  };
  const experiments = createExperiments(context);
  const lists = createLists(store);
  const environments = createEnvironments({
    home,
    pythonFolder: options.pythonFolder,
    setUp: options.setUp,
    store,
    treeFolder: (tree) => options.snapshots.treeFolder(tree),
    logger,
  });
  notifyCommitted = () => {
    experiments.feed.schedule();
  };
  const { handlers, clientGone } = createHandlers(
    context,
    experiments,
    environments,
    lists,
    {
      info: {
        id: store.poolId,
        host: hostname(),
        folder: home,
        account: accountName(),
        serverVersion: options.version,
        serverPid: process.pid,
        startedAt: Date.now(),
      },
      stop: () => {
        options.onStop();
      },
    },
    () => {
      if (tickets === null) throw new Error("the pool has not been started");
      return tickets;
    },
  );

  return {
    handlers: withDiskErrors(handlers, disk),
    start(broadcaster, issuer) {
      tickets = issuer;
      experiments.start(broadcaster);
      daily.start();
    },
    caughtUp: () => experiments.caughtUp(),
    clientGone,
    isAlive: () => experiments.isAlive() || environments.isBusy(),
    async close() {
      disk.close();
      await daily.close();
      await environments.close();
      await lists.close();
      await experiments.close();
      await context.outputThread.close();
      curves.close();
      store.close();
    },
  };
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown"); // an account without an entry in the user database
  }
}
