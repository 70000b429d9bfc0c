/** What a check of a pool found, as a document. Pure. */
import type { CheckReport, Finding } from "../../cluster/protocol/maintenance.ts";
import { plural } from "../format.ts";

/** Repairs that a question names; the report has all. */
const NAMED = 8;

export function reportText(pool: string, report: CheckReport): string {
  const { home, full, findings, repaired, lostAndFound } = report;
  const lines = [
    `# Check of ${pool}`,
    "",
    `Folder: ${home}`,
    `Looked at: ${countsText(report)}${full ? ", with all content" : ""}`,
    "",
  ];
  if (repaired.length > 0) {
    lines.push(`## Repaired (${repaired.length})`, "");
    for (const each of repaired) lines.push(...entry(each), `  Done: ${line(each.done)}`);
    if (lostAndFound !== null) lines.push("", `What was taken away is in ${lostAndFound}`);
    lines.push("");
  }
  lines.push(`## Found (${findings.length})`, "");
  if (findings.length === 0) lines.push("All is well.");
  for (const each of findings)
    lines.push(
      ...entry(each),
      `  ${each.repair === null ? "It cannot be repaired." : `Repair: ${line(each.repair)}`}`,
    );
  return `${lines.join("\n")}\n`;
}

/** What a repair would do, for the question before it. */
export function repairsText(findings: readonly Finding[]): string {
  const repairs = findings.flatMap(({ where, repair }) =>
    repair === null ? [] : [`${line(where)}: ${line(repair)}`],
  );
  const more =
    repairs.length > NAMED ? `\n… and ${repairs.length - NAMED} more, which are in the report.` : "";
  return `${repairs.slice(0, NAMED).join("\n")}${more}\n\nThe pool's server stops meanwhile; training goes on. What is taken away is moved to state/lost+found of the pool.`;
}

export function countsText({ counts }: Pick<CheckReport, "counts">): string {
  return `${plural(counts.experiments, "experiment")}, ${plural(counts.runs, "run")}, ${plural(counts.checkpoints, "checkpoint")}`;
}

function entry({ severity, where, what }: Finding): string[] {
  return [`- ${severity}: ${line(where)}`, `  ${line(what)}`];
}

/** A script chooses names: one line stays one. */
// eslint-disable-next-line no-control-regex
const line = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
