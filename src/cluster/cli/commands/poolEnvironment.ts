/** What runs scripts on a pool: its interpreters, the lines that come before them, the wheels to build from. */
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { findPool, isRemote } from "../../client/pools/openPool.ts";
import { LOCAL_POOL, type PoolEntry } from "../../client/pools/poolList.ts";
import { defaultStateFolder } from "../../client/stateFolder.ts";
import { messageOf, UserError } from "../../client/userError.ts";
import { EXIT, UsageError, type Command, type Context, type Pool } from "../command.ts";
import { pairs, plain, plainOutput, table } from "../text.ts";

export const poolPython: Command = {
  name: "pool python",
  usage: "pool python [NAME] [--use PATH | --forget]",
  summary: "The interpreters of a pool's host; which of them the folder here uses there.",
  details: `What scripts of another folder use is that folder's own choice. A submit takes, in this order: what --python or the
configuration names, what is chosen here, what the script last completed with, what was built for it, python3.

  --use PATH   use this one for the scripts of the folder here
  --forget     choose as if nothing had been chosen`,
  options: { use: { type: "string" }, forget: { type: "boolean" } },
  arguments: ["NAME?"],
  run: async (context, given) => {
    const { use, forget } = given.values;
    if (use !== undefined && forget === true) throw new UsageError("`--use` or `--forget`, not both.");
    const workspace = await realpath(context.cwd);
    const entry = await entryOf(context, given.arguments[0]);
    if (!isRemote(entry) && (use !== undefined || forget === true))
      throw new UserError(
        "Scripts on this machine run with the .venv beside them, or with what --python names.",
        "Only for a pool on another machine is an interpreter chosen.",
      );
    return withEntry(context, entry, async (pool) => {
      const { signal } = context;
      if (typeof use === "string" || forget === true) {
        const chosen = typeof use === "string" ? use : null;
        const answer = await pool.call("interpreter/choose", { workspace, path: chosen }, { signal });
        context.document(answer);
        context.say(
          answer.interpreter === null
            ? `Nothing is chosen for ${plain(workspace)} any more.\n`
            : `Scripts of ${plain(workspace)} use ${plain(answer.interpreter.path)} (Python ${plain(answer.interpreter.version)}) there.\n`,
        );
        return EXIT.ok;
      }
      const { interpreters } = await pool.call("interpreter/list", { workspace }, { signal });
      context.document({ interpreters });
      const rows = interpreters.map(({ path: file, version, torch, cuda, origin, chosen }) => [
        chosen ? "*" : "",
        file,
        version,
        torch ?? "",
        cuda ?? "",
        origin,
      ]);
      context.say(table(["", "PATH", "PYTHON", "TORCH", "CUDA", "FOUND"], rows, context.paint));
      return EXIT.ok;
    });
  },
};

export const poolSetup: Command = {
  name: "pool setup",
  usage: "pool setup NAME [--file F | --show | --clear] [--wheels DIR]",
  summary:
    "Lines that run before every Python of a pool (module load cuda), and a folder of wheels to build from.",
  details: `The lines are run by a login shell on the host (bash, or sh); what they leave in the environment, runs get. They are
tried at once.

  --file F       take the lines from this file here
  --show         print them as they are
  --clear        have none
  --wheels DIR   a folder of the host that environments are built from instead of a package index; none for none`,
  options: {
    file: { type: "string" },
    show: { type: "boolean" },
    clear: { type: "boolean" },
    wheels: { type: "string" },
  },
  arguments: ["NAME"],
  run: async (context, given) => {
    const { file, show, clear, wheels } = given.values;
    if ([file !== undefined, show === true, clear === true].filter(Boolean).length > 1)
      throw new UsageError("`--file`, `--show` or `--clear`: one of them.");
    const lines = typeof file === "string" ? await readLines(path.resolve(context.cwd, file)) : null;
    return withEntry(context, await entryOf(context, given.arguments[0]), async (pool) => {
      const { signal } = context;
      const before = await pool.call("pool/settings", {}, { signal });
      const setupLines = clear === true ? "" : (lines ?? before.setupLines);
      const wheelFolder = typeof wheels !== "string" ? before.wheelFolder : wheels === "none" ? null : wheels;
      if (lines === null && clear !== true && wheels === undefined) {
        context.document(before);
        if (show === true) context.say(plainOutput(before.setupLines));
        else
          context.say(
            pairs(
              [
                ["Set-up lines", countLines(before.setupLines)],
                ["Wheels", before.wheelFolder ?? "none: from the package index"],
              ],
              context.paint,
            ),
          );
        return EXIT.ok;
      }
      const { problem } = await pool.call("pool/setSettings", { setupLines, wheelFolder }, { signal });
      if (problem !== null) throw new UserError(problem.message, `The set-up is kept. ${problem.remedy}`);
      context.document({ setupLines, wheelFolder });
      context.say("The pool's set-up is changed.\n");
      return EXIT.ok;
    });
  },
};

async function readLines(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UserError(`The set-up lines cannot be read: ${messageOf(error)}.`, "Name a file of yours.");
  }
}

function countLines(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? "none" : `${lines.length} (--show prints them)`;
}

/** By its name, or, without one, the pool of `--pool`. */
async function entryOf(context: Context, name: string | undefined): Promise<PoolEntry | null> {
  if (name === undefined) return context.pool();
  return findPool(defaultStateFolder(), name === LOCAL_POOL ? null : name);
}

async function withEntry(
  context: Context,
  entry: PoolEntry | null,
  work: (pool: Pool) => Promise<number>,
): Promise<number> {
  const pool = await context.connectTo(entry);
  try {
    return await work(pool);
  } finally {
    pool.close();
  }
}
