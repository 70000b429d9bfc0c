/** What is done to a pool's files as a whole: check, repair, back up. */
import type { CheckReport, Finding } from "../../protocol/maintenance.ts";
import { messageOf, UserError } from "../../client/userError.ts";
import path from "node:path";
import { EXIT, type Command, type Context, UsageError } from "../command.ts";
import { ask, canAsk } from "../prompt.ts";
import { bytesText, CLEAR_LINE, plain } from "../text.ts";
import { countText } from "../../client/numberWords.ts";

/** Beside EXIT's: nothing is known of the pool. */
const COULD_NOT_CHECK = 2;

export const poolCheck: Command = {
  name: "pool check",
  usage: "pool check [--full] [--repair [--yes]]",
  summary: "Check a pool's files: database, curves, checkpoints, snapshots; repair what can be.",
  details: `It works while the pool runs, and on one whose server does not start. Exit code: 0 all is well, 1 something was found,
2 it could not be checked.

  --full     also read all content: digests of checkpoints, every point of every curve
  --repair   repair what was found, after a question; the server stops meanwhile, training goes on. What is taken away
             is moved to state/lost+found of the pool
  --yes      repair without asking`,
  options: { full: { type: "boolean" }, repair: { type: "boolean" }, yes: { type: "boolean", short: "y" } },
  arguments: [],
  run: async (context, { values }) => {
    const full = values.full === true;
    try {
      let report = await context.check({ full, repair: false, onProgress: progressLine(context) });
      const canRepair = report.findings.some(({ repair }) => repair !== null);
      if (values.repair === true && canRepair) {
        const isYes = values.yes === true || (await confirm(context, report));
        if (isYes) report = await context.check({ full, repair: true, onProgress: progressLine(context) });
      }
      context.document(report);
      context.say(reportText(report, context, values.repair === true));
      return report.findings.length === 0 ? EXIT.ok : EXIT.failed;
    } catch (error) {
      context.signal.throwIfAborted();
      const remedy = error instanceof UserError ? error.remedy : null;
      context.note(`trainyard: The pool could not be checked: ${plain(messageOf(error))}\n`);
      if (remedy !== null) context.note(`${plain(remedy)}\n`);
      context.document({ error: { message: messageOf(error), remedy } });
      return COULD_NOT_CHECK;
    }
  },
};

export const poolBackup: Command = {
  name: "pool backup",
  usage: "pool backup FOLDER",
  summary: "Copy a whole pool, while it runs; again into the same folder, only what has changed.",
  details: `FOLDER is on the pool's host. The copy is a pool itself: TRAINYARD_HOME=FOLDER trainyard list. In it everything that
waited or trained is paused. Secrets are left out, and what can be made again: built trees and environments.`,
  arguments: ["FOLDER"],
  run: async (context, { arguments: [folder = ""] }) => {
    const isThere = (await context.pool())?.kind === "ssh";
    if (isThere && !/^(\/|~\/)/.test(folder))
      throw new UsageError(`\`${folder}\` is on the pool's host, so it begins with \`/\` or \`~/\`.`);
    const report = await context.backUp({
      folder: isThere ? folder : path.resolve(context.cwd, folder),
      onProgress: progressLine(context),
    });
    if (context.stderr.isTTY === true) context.note(CLEAR_LINE);
    context.document(report);
    const { counts, copiedBytes, linkedBytes, keptBytes } = report;
    context.say(
      `${countText(counts.experiments, "experiment")}, ${countText(counts.runs, "run")} and ${countText(counts.checkpoints, "checkpoint")} are in ${plain(report.folder)}, verified: ` +
        `${bytesText(copiedBytes)} copied, ${bytesText(linkedBytes)} shared with the pool, ${bytesText(keptBytes)} there already.\n`,
    );
    return EXIT.ok;
  },
};

/** @throws UserError where nobody can be asked */
async function confirm(context: Context, report: CheckReport): Promise<boolean> {
  if (!canAsk(context))
    throw new UserError(
      `${countText(report.findings.length, "thing")} were found, and nobody can be asked whether to repair them.`,
      "Add --yes.",
    );
  context.note(findingsText(report.findings, context));
  context.note("The server stops for the repair, and starts again after it. Training goes on.\n");
  return ask(context, "Repair it?");
}

function reportText(report: CheckReport, context: Context, wasRepair: boolean): string {
  const { counts, findings, repaired, lostAndFound } = report;
  const looked = `${countText(counts.experiments, "experiment")}, ${countText(counts.runs, "run")}, ${countText(counts.checkpoints, "checkpoint")}`;
  const done = repaired
    .map(({ what, where, done }) => `${plain(where)}: ${plain(what)} ${plain(done)}\n`)
    .join("");
  const moved = lostAndFound === null ? "" : `What was taken away is in ${plain(lostAndFound)}\n`;
  const repairedText =
    repaired.length === 0 ? "" : `${context.paint("Repaired", "green")}\n${done}${moved}\n`;
  if (findings.length === 0) return `${repairedText}All is well: ${looked}.\n`;
  const next =
    !wasRepair && findings.some(({ repair }) => repair !== null)
      ? "Repair it with: trainyard pool check --repair\n"
      : "";
  return `${repairedText}${findingsText(findings, context)}${looked}; ${countText(findings.length, "finding")}.\n${next}`;
}

function findingsText(findings: readonly Finding[], { paint }: Context): string {
  return findings
    .map(({ what, where, severity, repair }) => {
      const head = paint(severity, severity === "error" ? "red" : "yellow");
      return `${head} ${plain(where)}\n  ${plain(what)}\n  ${repair === null ? "It cannot be repaired." : `Repair: ${plain(repair)}`}\n`;
    })
    .join("");
}

/** A line that is redrawn on a terminal; nothing elsewhere. */
export function progressLine(context: Context): (text: string, fraction: number | null) => void {
  if (context.stderr.isTTY !== true) return () => undefined;
  return (text, fraction) => {
    const percent = fraction === null ? "" : ` ${Math.floor(fraction * 100)} %`;
    context.note(`${CLEAR_LINE}${plain(text)}${percent}`);
    if (fraction === 1) context.note(CLEAR_LINE);
  };
}
