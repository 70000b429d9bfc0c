/** Ends this process when it hangs: what is synchronous cannot be stopped from within. The runner then reports the file as failed. */
import { Worker } from "node:worker_threads";

const CODE = `
const { workerData: { beats, pid, hungMs } } = require("node:worker_threads");
let [seen, since] = [-1, Date.now()];
setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== seen) [seen, since] = [now, Date.now()];
  else if (Date.now() - since > hungMs) {
    require("node:fs").writeSync(2, "hung for " + hungMs + " ms after " + now + " beats\\n");
    process.kill(pid, "SIGKILL");
  }
}, hungMs / 20);
`;

export interface Watchdog {
  /** It goes on. */
  beat(): void;
  stop(): Promise<unknown>;
}

export function watchdog(hungMs = 60_000): Watchdog {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(CODE, {
    eval: true,
    execArgv: [],
    workerData: { beats, pid: process.pid, hungMs },
  });
  worker.unref();
  return { beat: () => void Atomics.add(beats, 0, 1), stop: () => worker.terminate() };
}
