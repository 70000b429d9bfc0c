/** Questions at a terminal. Where nobody can answer, the answer is no. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Context } from "./command.ts";

type Asking = Pick<Context, "stdin" | "stderr" | "signal" | "json">;

/** With --json a program reads the answer, so nobody sits there. */
export const canAsk = ({ stdin, stderr, json }: Asking): boolean =>
  !json && stdin.isTTY === true && stderr.isTTY === true;

export async function ask(context: Asking, question: string): Promise<boolean> {
  const answer = await readAnswer(context, `${question} [y/N] `, true);
  return answer !== null && /^y(es)?$/i.test(answer.trim());
}

/**
 * One line of a person's.
 * @param echo false where what is typed must not be seen
 * @returns null where nobody can answer, and after Ctrl-C or Ctrl-D
 */
export async function readAnswer(context: Asking, words: string, echo: boolean): Promise<string | null> {
  const { stdin, stderr, signal } = context;
  if (!canAsk(context) || signal.aborted) return null;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: echo ? stderr : nowhere, terminal: true });
  if (!echo) stderr.write(words);
  return new Promise((resolve) => {
    const end = (answer: string | null): void => {
      signal.removeEventListener("abort", giveUp);
      reader.off("close", giveUp);
      reader.close();
      if (!echo || answer === null) stderr.write("\n");
      resolve(answer);
    };
    const giveUp = (): void => end(null);
    reader.once("SIGINT", giveUp);
    reader.once("close", giveUp);
    signal.addEventListener("abort", giveUp);
    reader.question(echo ? words : "", end);
  });
}
