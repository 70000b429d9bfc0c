/** The thread that reads gigabytes of output, so that the server's own loop never waits for it. */
import { parentPort } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import { OutputScanner } from "./scanner.ts";
import type { ThreadAnswer, ThreadCall } from "./thread.ts";

const scanner = new OutputScanner();

parentPort?.on("message", ({ id, place, asked }: ThreadCall) => {
  let answer: ThreadAnswer;
  try {
    const value = "query" in asked ? scanner.search(place, asked) : scanner.lines(place, asked);
    answer = { id, value };
  } catch (error) {
    answer = { id, error: messageOf(error) };
  }
  parentPort?.postMessage(answer);
});
