/** The pool server: joins its parts and ends cleanly. The trials live on whatever happens here. */
import { stat } from "node:fs";
import path from "node:path";
import { messageOf } from "./errors.ts";
import { createSetUp } from "./environments/setUp.ts";
import { stopWhenIdle } from "./idle.ts";
import { waitForPoolLock } from "./lock.ts";
import { createLogger } from "./logger.ts";
import { timedHandlers, watchLoop } from "./loopWatch.ts";
import { maintain } from "./maintenance.ts";
import { readOptions, USAGE, type ServerOptions } from "./options.ts";
import { openPool, preparePoolFolder } from "./pool.ts";
import { createSlotSource } from "./resources/slotSource.ts";
import { createRpc } from "./rpc/listen.ts";
import { isAnswered } from "./rpc/socketFolder.ts";
import { COULD_NOT_START } from "../protocol/poolLock.ts";
import { createDiagnose } from "./runs/diagnosis.ts";
import { createExecutor } from "./runs/executor.ts";
import { createSnapshotStore } from "./trees/snapshotStore.ts";

declare const __VERSION__: string | undefined;
const VERSION = typeof __VERSION__ === "undefined" ? "0.0.0" : __VERSION__;

/** A bundle beside this one; from source, as it is written. */
const SCRIPT = process.argv[1] ?? "";
const beside = (bundle: string, source: string): string =>
  path.join(path.dirname(SCRIPT), SCRIPT.endsWith(".ts") ? source : bundle);
const OUTPUT_WORKER = beside("outputWorker.js", "output/worker.ts");
const REQUEST_THREAD = beside("requestThread.js", "requestThread.ts");

/** The answer to server/stop goes out first. */
const STOP_DELAY_MS = 100;
/** Broken pipes of clients that went away: nothing of ours is half done. */
const HARMLESS = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Of Node's threads for files: four are taken by four calls to a file server that hangs, and all others wait for them. */
const FILE_THREADS = "16";
/** A folder that does not answer keeps no server from ending. */
const STOP_PATIENCE_MS = 20_000;

const logger = createLogger();
takeFileThreads();

async function main({
  home,
  socket,
  pythonFolder,
  leases,
  cpuSlots,
  probeCommand,
}: ServerOptions): Promise<void> {
  preparePoolFolder(home);
  const lock = await waitForPoolLock(path.join(home, "state"), {
    isServed: () => isAnswered(socket),
    onLost: () => stop("the pool folder is gone, or another server's"),
  });
  const snapshots = createSnapshotStore(home, logger);
  const setUp = createSetUp(path.join(home, "state"));
  const rpc = createRpc(logger);
  const watch = watchLoop(logger);
  const pool = openPool({
    home,
    leases,
    pythonFolder,
    outputWorker: OUTPUT_WORKER,
    version: VERSION,
    setUp,
    executor: createExecutor({ pool: home, pythonFolder, snapshots, setUp, logger }),
    snapshots,
    slots: createSlotSource({ leasesFolder: leases, cpuSlots, probeCommand, pool: home, logger }),
    diagnose: createDiagnose(home),
    logger,
    timed: watch.timed,
    onStop: () => setTimeout(() => stop("a client asked for it"), STOP_DELAY_MS),
  });
  rpc.onClientGone((clientId) => {
    pool.clientGone(clientId);
  });
  const endIdleWatch = stopWhenIdle(
    () => rpc.clientCount() > 0 || pool.isAlive(),
    () => stop("nobody needed it for a day"),
  );

  let isStopping = false;
  function stop(reason: string): void {
    if (isStopping) return;
    isStopping = true;
    logger.info("stopping; trials live on", { reason });
    endIdleWatch();
    setTimeout(() => {
      logger.error("could not stop cleanly: a folder does not answer");
      process.exit(1);
    }, STOP_PATIENCE_MS).unref();
    watch.end();
    void (async () => {
      await rpc.close();
      await pool.close();
      await snapshots.close();
      lock.release();
      process.exit(0);
    })().catch((error: unknown) => {
      logger.error("could not stop cleanly", { error: messageOf(error) });
      lock.release();
      process.exit(1);
    });
  }
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop(signal));

  pool.start(rpc.broadcaster, rpc.tickets);
  await pool.caughtUp();
  try {
    await rpc.listen(socket, timedHandlers(pool.handlers, watch.timed));
  } catch (error) {
    await pool.close();
    lock.release();
    throw error;
  }
  logger.info("listening", { socket, home, version: VERSION, pid: process.pid });
}

/** libuv reads the variable at the first use; the trials, which inherit our environment, are not to see it. */
function takeFileThreads(): void {
  if (process.env.UV_THREADPOOL_SIZE !== undefined) return;
  process.env.UV_THREADPOOL_SIZE = FILE_THREADS;
  stat("/", () => undefined);
  delete process.env.UV_THREADPOOL_SIZE;
}

process.on("unhandledRejection", (error) => {
  logger.error("a promise was rejected and nobody looked", {
    error: error instanceof Error ? error.stack : String(error),
  });
});
process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
  logger.error("an error that nobody caught", { error: error.stack });
  // Another server goes on from the database; this one's memory can no longer be trusted.
  if (!HARMLESS.has(error.code ?? "")) process.exit(1);
});

if (process.argv[2] === "maintain")
  void maintain(VERSION, REQUEST_THREAD, logger).then((code) => process.exit(code));
else serve();

function serve(): void {
  let options: ServerOptions;
  try {
    options = readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${USAGE}\n`);
    process.exit(2);
  }
  main(options).catch((error: unknown) => {
    const { remedy } = error as { remedy?: unknown };
    logger.error(COULD_NOT_START, {
      error: messageOf(error),
      ...(typeof remedy === "string" ? { remedy } : {}),
    });
    process.exit(1);
  });
}
