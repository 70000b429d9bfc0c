/**
 * The thread that reads the standard input of `maintain`: its end is heard whatever the work is at, also in a call that does
 * not return (a large database, a shared folder that hangs).
 */
import fs from "node:fs";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { parentPort } from "node:worker_threads";

/** Of standard input, in order; null: it has ended. */
export type RequestMessage = string | null;

/** The work may end by itself until then: what is half done is under a temporary name. */
const PATIENCE_MS = 4000;

const stat = fs.fstatSync(0);
const input = stat.isFIFO() || stat.isSocket() ? new Socket({ fd: 0 }) : fs.createReadStream("", { fd: 0 });
input.on("error", () => input.destroy());
const lines = createInterface({ input });
const tell = (message: RequestMessage): void => parentPort?.postMessage(message);
lines.on("line", tell);
lines.on("close", () => {
  tell(null);
  setTimeout(() => process.kill(process.pid, "SIGKILL"), PATIENCE_MS);
});
