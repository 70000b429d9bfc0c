/** What of a folder that was made for Determined runs here as it is, what differently, and what not. */
import path from "node:path";
import { isTrialClass } from "../../protocol/configuration.ts";
import { ConfigurationError, parseConfiguration } from "../configuration.ts";
import { findConfigurations, type FoundConfiguration } from "./findConfigurations.ts";
import { readUses, type Uses } from "./readUses.ts";
import { judge, type Verdict } from "./verdicts.ts";

/** What an entrypoint may start by `-m`. */
const PROGRAMS: ReadonlySet<string> = new Set([
  "determined.exec.harness",
  "determined.launch.deepspeed",
  "determined.launch.horovod",
  "determined.launch.tensorflow",
  "determined.launch.torch_distributed",
  "determined.launch.wrap_rank",
]);

export interface Finding {
  /** From 1. */
  line: number;
  verdict: Verdict;
  what: string;
  why: string;
}
export interface FileReport {
  /** Relative to the folder. */
  file: string;
  kind: "configuration" | "script" | "other";
  findings: Finding[];
}
export interface DeterminedReport {
  folder: string;
  files: FileReport[];
}

/** @throws UserError for a folder, or a Python, that is not there */
export async function checkDetermined(
  folder: string,
  pythonFolder: string,
  signal: AbortSignal,
): Promise<DeterminedReport> {
  const [{ configurations, others }, uses] = await Promise.all([
    findConfigurations(folder, signal),
    readUses(folder, pythonFolder, signal),
  ]);
  const modules = new Set(uses.scripts.map(({ file }) => file));
  return {
    folder,
    files: [
      ...configurations.map((one) => ofConfiguration(one, modules)),
      ...ofScripts(uses),
      ...others.map(ofOther),
    ],
  };
}

/** The worst of a file; `same` for one without findings. */
export function verdictOf({ findings }: FileReport): Verdict {
  const found = findings.map(({ verdict }) => verdict);
  return found.includes("not") ? "not" : found.includes("differs") ? "differs" : "same";
}

function ofConfiguration({ file, text }: FoundConfiguration, scripts: ReadonlySet<string>): FileReport {
  const findings: Finding[] = [];
  const add = (verdict: Verdict, found: readonly { line: number; message: string }[]): void => {
    for (const { line, message } of found) findings.push({ line, verdict, what: message, why: "" });
  };
  try {
    const { value, notes, notYet } = parseConfiguration(file, text);
    add("not", notYet);
    add("differs", notes);
    const { entrypoint } = value;
    const line = lineOf(text, "entrypoint");
    for (const [program] of [entrypoint ?? ""]
      .flat()
      .join(" ")
      .matchAll(/\bdetermined\.[\w.]+/g))
      findings.push({ line, what: program, ...judge(program, PROGRAMS.has(program)) });
    if (isTrialClass(entrypoint)) {
      const script = `${entrypoint.split(":")[0]?.replaceAll(".", "/") ?? ""}.py`;
      const beside = path.posix.join(path.posix.dirname(file), script);
      if (!scripts.has(beside)) add("not", [{ line, message: `There is no ${beside} with such a trial.` }]);
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    add("not", error.problems);
  }
  return { file, kind: "configuration", findings: findings.sort((a, b) => a.line - b.line) };
}

function lineOf(text: string, key: string): number {
  return text.split("\n").findIndex((line) => line.startsWith(`${key}:`)) + 1 || 1;
}

function ofScripts({ scripts, unread }: Uses): FileReport[] {
  return [
    ...scripts.map(({ file, uses }): FileReport => ({
      file,
      kind: "script",
      findings: uses.map(({ line, name, known }) => ({ line, what: name, ...judge(name, known) })),
    })),
    ...unread.map(({ file, line, message }): FileReport => ({
      file,
      kind: "script",
      findings: [{ line, verdict: "not", what: "cannot be read", why: message }],
    })),
  ];
}

function ofOther(file: string): FileReport {
  const finding: Finding = file.endsWith(".detignore")
    ? {
        line: 1,
        verdict: "differs",
        what: ".detignore",
        why: "is not read: what git ignores is left out of a submit: put its lines into .gitignore",
      }
    : {
        line: 1,
        verdict: "same",
        what: "startup-hook.sh",
        why: "is sourced before the configuration's entrypoint",
      };
  return { file, kind: "other", findings: [finding] };
}
