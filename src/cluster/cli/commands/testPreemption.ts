/** Whether a script may be preempted: it is tried. */
import path from "node:path";
import { isRemote } from "../../client/pools/openPool.ts";
import { LOCAL_POOL } from "../../client/pools/poolList.ts";
import { DEFAULT_STEPS, testPreemption } from "../../client/preemptionTest.ts";
import { defaultStateFolder } from "../../client/stateFolder.ts";
import { EXIT, UsageError, withPool, type Command } from "../command.ts";
import { environmentAnswers } from "../environmentAnswers.ts";
import { plain, plainOutput } from "../text.ts";
import { choices, confirm, fromEnvironment, startFolder } from "./submit.ts";

export const testPreemptionCommand: Command = {
  name: "test-preemption",
  usage:
    "test-preemption SCRIPT [--steps N] [--config F] [--slots N] [--python P] [--keep] [--yes] [-- ARGS]",
  summary: "Say whether a script may be preempted: run it twice, preempt one, compare.",
  details: `Both runs have the same seed. One is preempted after N reported steps (3) and goes on for N more; the other is left
alone. What they report must be equal. Both are deleted when it is safe. Exit code: 0 when it is safe to preempt
(also where values differ), 1 when it is not or cannot be told.

  --steps N      reported steps before the preemption, and after it
  --config F     another configuration; --config none runs without
  --slots N      slots (GPUs) of the trial, instead of the configuration's
  --python P     interpreter: a path, or a name on PATH
  --keep         keep both experiments, with their curves and output
  --yes          send more than 100 MB or 10,000 files without asking`,
  options: {
    steps: { type: "string" },
    config: { type: "string", short: "c" },
    slots: { type: "string" },
    python: { type: "string" },
    keep: { type: "boolean" },
    yes: { type: "boolean", short: "y" },
  },
  arguments: ["SCRIPT"],
  passesOn: true,
  run: async (context, given) => {
    const steps = given.values.steps ?? String(DEFAULT_STEPS);
    if (typeof steps !== "string" || !/^[1-9]\d{0,3}$/.test(steps))
      throw new UsageError(`\`--steps ${String(steps)}\`: a number from 1 to 9999 is needed.`);
    const script = path.resolve(context.cwd, given.arguments[0] ?? "");
    const entry = await context.pool();
    const choice = choices(given, context.cwd, isRemote(entry));
    const folder = await startFolder(script, context);
    return withPool(context, async (pool) => {
      const { verdict, experimentIds, remove } = await testPreemption({
        ...choice,
        connection: pool,
        pool: entry?.name ?? LOCAL_POOL,
        isRemote: isRemote(entry),
        stateFolder: defaultStateFolder(),
        script,
        folder,
        arguments: given.passedOn,
        secrets: (names) => Promise.resolve(fromEnvironment(names, context.environment)),
        environment: environmentAnswers(context, given),
        onBuildOutput: (text) => context.note(plainOutput(text)),
        confirm: (plan) => confirm(context, plan, given.values.yes === true),
        steps: Number(steps),
        onProgress: (message) => context.note(`${message}\n`),
        signal: context.signal,
      });
      const isSafe = verdict.kind === "equal" || verdict.kind === "differs";
      const isKept = given.values.keep === true || !isSafe;
      if (!isKept) await remove();
      context.document({ ...verdict, experiments: isKept ? experimentIds : [] });
      context.say(`${plain(verdict.finding)}\n`);
      if (verdict.advice !== "") context.say(`${plain(verdict.advice)}\n`);
      if (isKept)
        context.note(`Kept: experiments ${experimentIds.join(" (preempted) and ")} (left alone).\n`);
      return isSafe ? EXIT.ok : EXIT.failed;
    });
  },
};
