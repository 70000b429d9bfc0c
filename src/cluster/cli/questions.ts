/** What connecting over SSH asks, at a terminal; without one, what to do instead. */
import type { SshQuestions } from "../client/ssh/host.ts";
import { PersonNeededError } from "../client/userError.ts";
import type { Context } from "./command.ts";
import { ask, canAsk, readAnswer } from "./prompt.ts";
import { plain } from "./text.ts";

type Asking = Pick<Context, "stdin" | "stderr" | "signal" | "json" | "note">;

export function terminalQuestions(context: Asking): SshQuestions {
  return {
    trustHostKey: async ({ name, type, fingerprint }) => {
      if (!canAsk(context))
        throw new PersonNeededError(
          `The key of ${name} is not known here: ${type} ${fingerprint}. Nothing was sent.`,
          `If it is the right one: trainyard pool add NAME PLACE --fingerprint ${fingerprint} (a jump host's key belongs in known_hosts).`,
        );
      context.note(`The key of ${plain(name)} is not known: ${type} ${fingerprint}\n`);
      return ask(context, "Is it the right one?");
    },
    downloadNode: async ({ pool, node, url }) => {
      if (!canAsk(context)) return false;
      context.note(
        `${plain(pool)} has no Node 22.13 or later. ${node} would be downloaded from ${plain(url)}, checked, kept here and sent there.\n`,
      );
      return ask(context, "Download it?");
    },
    secret: async ({ kind, of, prompt, echo }) => {
      const words = kind === "prompt" ? plain(prompt) : `${WORDS[kind]} ${plain(of)}:`;
      if (!canAsk(context))
        context.note(
          `${words} nobody can be asked here. Load the key into an agent (ssh-add), or run this at a terminal without --json.\n`,
        );
      return readAnswer(context, `${words} `, echo);
    },
  };
}

const WORDS = { password: "Password of", passphrase: "Passphrase of" } as const;
