/** The report as Markdown, for a document or a terminal. Pure. */
import { verdictOf, type DeterminedReport, type FileReport, type Finding } from "./report.ts";
import type { Verdict } from "./verdicts.ts";

const TITLES: Readonly<Record<Verdict, string>> = {
  same: "runs as it is",
  differs: "runs, with differences",
  not: "does not run as it is",
};
const SHORT: Readonly<Record<Verdict, string>> = { same: "as it is", differs: "differs", not: "NOT" };

export function reportText({ folder, files }: DeterminedReport): string {
  if (files.length === 0)
    return `No experiment configuration (a YAML file with \`searcher:\`) and no script that uses Determined was found in ${folder}.\n`;
  return files.map(fileText).join("\n") + submitText(files);
}

function fileText(file: FileReport): string {
  const lines = file.findings
    .filter(({ verdict, why }) => verdict !== "same" || why !== "")
    .map((finding) => `- ${file.file}:${finding.line}: ${SHORT[finding.verdict]}: ${sentence(finding)}\n`);
  return `## ${file.file}: ${TITLES[verdictOf(file)]}\n\n${lines.join("")}${lines.length > 0 ? "" : "- nothing to say\n"}`;
}

function sentence({ what, why }: Finding): string {
  return why === "" ? what : `\`${what}\` ${why}`;
}

function submitText(files: readonly FileReport[]): string {
  const usable = files.filter((file) => file.kind === "configuration" && verdictOf(file) !== "not");
  if (usable.length === 0) return "";
  return `\n## To submit\n\n${usable.map(({ file }) => `    trainyard submit SCRIPT --config ${file}\n`).join("")}`;
}
