/** How much a process has read: git itself tells nothing of it while it is at a large file. Linux; nothing elsewhere. */
import { readFile } from "node:fs/promises";

const EVERY_MS = 250;

/** Tells of each further part until it is stopped. @returns stops it */
export function countRead(pid: number, onRead: (bytes: number) => void): () => void {
  let told = 0;
  const timer = setInterval(() => {
    void readFile(`/proc/${pid}/io`, "utf8").then(
      (io) => {
        const read = Number(/^rchar: (\d+)/m.exec(io)?.[1] ?? 0);
        if (read > told) onRead(read - told);
        told = Math.max(told, read);
      },
      () => clearInterval(timer), // it has ended, or the system has no such file
    );
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
