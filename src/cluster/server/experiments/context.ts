/** What the parts of experiments/ work with; main.ts fills it in. */
import type {
  CurveStore,
  Diagnose,
  Executor,
  Logger,
  OutputReader,
  RunFollower,
  SlotSource,
  SnapshotStore,
} from "../ports.ts";
import type { Timed } from "../loopWatch.ts";
import type { OutputThread } from "../output/thread.ts";
import type { DiskWatch } from "../resources/diskWatch.ts";
import type { RunFiles } from "../runs/files.ts";
import type { PoolStore } from "../store/poolStore.ts";
import type { SecretStore } from "../store/secrets.ts";

export interface Context {
  /** Absolute path of the pool folder. */
  pool: string;
  /** Absolute path of the host-wide leases. */
  leases: string;
  store: PoolStore;
  secrets: SecretStore;
  curves: CurveStore;
  executor: Executor;
  follower: RunFollower;
  output: OutputReader;
  outputThread: OutputThread;
  files: RunFiles;
  snapshots: SnapshotStore;
  slots: SlotSource;
  diagnose: Diagnose;
  disk: DiskWatch;
  logger: Logger;
  /** Says in the log what kept the server from everything else for too long. */
  timed: Timed;
}
