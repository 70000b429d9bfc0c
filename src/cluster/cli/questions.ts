/** What connecting over SSH asks, at a terminal; without one the answer is no. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { SshQuestions } from "../client/ssh/host.ts";
import type { Context } from "./command.ts";
import { ask } from "./commands/control.ts";
import { plain } from "./text.ts";

export function terminalQuestions(context: Context): SshQuestions {
  return {
    trustHostKey: async ({ name, type, fingerprint }) => {
      context.note(`The key of ${plain(name)} is not known: ${type} ${fingerprint}\n`);
      const yes = await ask(context, "Is it the right one?");
      if (!yes)
        context.note(
          `To take this key without being asked: trainyard pool add ... --fingerprint ${fingerprint}\n`,
        );
      return yes;
    },
    secret: ({ kind, of, prompt, echo }) => {
      const words =
        kind === "prompt"
          ? plain(prompt)
          : `${kind === "password" ? "Password of" : "Passphrase of"} ${plain(of)}:`;
      return readSecret(context, `${words} `, echo);
    },
  };
}

function readSecret(
  { stdin, stderr, signal, json }: Context,
  words: string,
  echo: boolean,
): Promise<string | null> {
  if (json || stdin.isTTY !== true || stderr.isTTY !== true) return Promise.resolve(null);
  stderr.write(words);
  // What is typed must not be seen: the line editor writes to nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: echo ? stderr : nowhere, terminal: true });
  return new Promise((resolve) => {
    const end = (answer: string | null): void => {
      reader.close();
      stderr.write("\n");
      resolve(answer);
    };
    reader.once("SIGINT", () => end(null));
    signal.addEventListener("abort", () => end(null), { once: true });
    reader.once("line", (line) => end(line));
  });
}
