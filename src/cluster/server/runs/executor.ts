/** Runs on this machine: the first adapter of the Executor port. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Control, RunSpec, type SupervisorFile } from "../../protocol/runDirectory.ts";
import type { SetUp } from "../environments/setUp.ts";
import type { Executor, LaunchRequest, Logger, SnapshotStore } from "../ports.ts";
import { createObserver } from "./observe.ts";
import { isAlive, isOfThisBoot, killMarked, sendSignal, SUPERVISOR_MARK } from "./processes.ts";
import { createQuickStat } from "./quickStat.ts";
import { createPythonFinder } from "./python.ts";
import { CallError } from "../callError.ts";
import { diskErrorOf } from "../resources/diskErrors.ts";
import {
  FILES,
  modifiedAt,
  readControl,
  readExit,
  readSpec,
  readSupervisor,
  runFolder,
  writeJson,
} from "./runFolder.ts";
import { createSupervisors } from "./supervisors.ts";

/** A supervisor that lives answers a kill at once; after this it is taken to be stuck. */
const CANCEL_TIMEOUT_MS = 5000;
const CANCEL_POLL_MS = 25;

export interface ExecutorOptions {
  pool: string;
  /** Folder that holds the Python package `trainyard`. */
  pythonFolder: string;
  snapshots: Pick<SnapshotStore, "buildWork">;
  /** What the pool's set-up lines change in the environment of every run. */
  setUp: Pick<SetUp, "changes">;
  logger: Logger;
}

/** `launch` throws CallError with words for the person when the run cannot be started here. */
export function createExecutor({ pool, pythonFolder, snapshots, setUp, logger }: ExecutorOptions): Executor {
  const findPython = createPythonFinder();
  findPython().catch(() => undefined); // asked before anyone waits for it; a launch says what is wrong
  let tellEnd = (): void => undefined;
  const supervisors = createSupervisors(pythonFolder, findPython, () => tellEnd(), logger);
  const launching = new Map<string, Promise<void>>();
  const quickStat = createQuickStat(path.join(pool, "runs"));
  const observer = createObserver(supervisors, quickStat, (runId) => launching.has(runId), logger);

  async function wasLaunched(folder: string): Promise<boolean> {
    return (await readSupervisor(folder)) !== null || (await readExit(folder)) !== null;
  }

  async function launch({ spec, tree, links, secrets }: LaunchRequest, signal: AbortSignal): Promise<void> {
    const folder = runFolder(pool, spec.run);
    if (supervisors.state(spec.run) !== "unknown" || (await wasLaunched(folder))) return;
    await mkdir(path.join(folder, "events"), { recursive: true, mode: 0o700 });
    await findPython(); // before the working tree, which may take long
    const changes = await setUp.changes();
    await snapshots.buildWork(tree, path.join(folder, FILES.work), links);
    signal.throwIfAborted();
    await writeJson(path.join(folder, FILES.spec), RunSpec.parse(spec));
    // A supervisor that comes so late that its run counts as lost is ended by its mark, with the run.
    const variables = { ...changes, ...secrets, [SUPERVISOR_MARK]: spec.key };
    await supervisors.start(spec.run, folder, variables, false);
  }

  /** @returns false where the disk has no room for the question: then it is not asked */
  async function askToKill(folder: string): Promise<boolean> {
    const before = await readControl(folder).catch(() => null);
    if (before?.action === "kill") return true;
    const control: Control = {
      version: 1,
      control: (before?.control ?? 0) + 1,
      action: "kill",
      reason: "cancelled",
      at: Date.now() / 1000,
    };
    try {
      await writeJson(path.join(folder, FILES.control), control);
      return true;
    } catch (error) {
      if (diskErrorOf(error) === null) throw error;
      return false;
    }
  }

  async function wake(folder: string): Promise<boolean> {
    const supervisor = await supervisorHere(folder);
    return supervisor !== null && sendSignal(supervisor, "SIGHUP");
  }

  /** Whom supervisor.json names, if it can be a process of this machine as it runs now. */
  async function supervisorHere(folder: string): Promise<SupervisorFile | null> {
    const supervisor = await readSupervisor(folder).catch(() => null);
    return supervisor !== null && isOfThisBoot(supervisor) ? supervisor : null;
  }

  const self: Executor = {
    launch: (request, signal) => {
      const { run } = request.spec;
      let pending = launching.get(run);
      if (pending === undefined) {
        pending = launch(request, signal).finally(() => launching.delete(run));
        launching.set(run, pending);
      }
      return pending;
    },
    poll: (runIds) => Promise.all(runIds.map((runId) => observer.observe(runId, runFolder(pool, runId)))),
    signal: async (runId, control) => {
      const folder = runFolder(pool, runId);
      if ((await modifiedAt(folder)) === null)
        throw new CallError("notFound", `run ${runId} has no folder in this pool: it was never launched.`);
      await writeJson(path.join(folder, FILES.control), Control.parse(control));
      await wake(folder);
    },
    onEnd: (listener) => {
      tellEnd = listener;
    },
    cancel: async (runId) => {
      const folder = runFolder(pool, runId);
      await launching.get(runId)?.catch(() => undefined);
      const spec = await readSpec(folder);
      if (spec === null || (await readExit(folder)) !== null) return;
      const isAsked = await askToKill(folder);
      const alive = isAsked && ((await wake(folder)) || supervisors.state(runId) === "alive");
      const end = Date.now() + CANCEL_TIMEOUT_MS;
      while (alive && Date.now() < end) {
        if ((await readExit(folder)) !== null) return;
        const supervisor = await supervisorHere(folder);
        if (supervisor !== null && !isAlive(supervisor) && supervisors.state(runId) !== "alive") break;
        await sleep(CANCEL_POLL_MS);
      }
      // The supervisor is gone or stuck: then nobody but us ends the tree.
      const supervisor = await supervisorHere(folder);
      if (supervisor !== null) sendSignal(supervisor, "SIGKILL");
      const count = await killMarked(spec.key);
      logger.warn("Ended a run without its supervisor", { runId, processes: count });
    },
  };
  return self;
}
