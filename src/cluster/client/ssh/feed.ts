/** A command's standard input. */
import type { Writable } from "node:stream";
import type { RunOptions } from "./session.ts";

export async function feed(stdin: Writable, input: RunOptions["input"]): Promise<void> {
  stdin.on("error", () => undefined); // a command that ends early does not read everything
  if (input === undefined) return void stdin.end();
  if (Buffer.isBuffer(input)) return void stdin.end(input);
  for await (const chunk of input) {
    if (stdin.destroyed || stdin.writableEnded) return;
    if (!stdin.write(chunk)) await drained(stdin);
  }
  stdin.end();
}

function drained(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stdin.off("drain", done);
      stdin.off("close", done);
      resolve();
    };
    stdin.once("drain", done);
    stdin.once("close", done);
  });
}
