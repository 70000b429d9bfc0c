/** Words and rows of the questions about a remote pool's Python. Pure. */
import { stripVTControlCharacters } from "node:util";
import type {
  EnvironmentAnswer,
  EnvironmentQuestion,
  ListedInterpreter,
} from "../../cluster/client/environment/prepare.ts";
import { sourceText } from "../../cluster/client/environment/words.ts";
import type { EnvironmentSource, HostInterpreter } from "../../cluster/protocol/environments.ts";
import { oneLine } from "../format.ts";
import { withoutLinks } from "../links.ts";
import { COMMANDS } from "./commandIds.ts";

/** The nearest ones: what lies further up is seldom meant. */
const SOURCES_AT_MOST = 3;
const MODULES_AT_MOST = 8;
/** As a pool says it of one that it found nowhere else. */
const CHOSEN = "chosen for this folder";
/** A notification with progress has no buttons, but links. */
const SHOW_LOG = `[show log](command:${COMMANDS.showBuildLog})`;

export interface EnvironmentDialog {
  message: string;
  detail: string;
  buttons: readonly { title: string; answer: EnvironmentAnswer | "chooseAnother" | "showLog" }[];
}

export function environmentDialog(question: EnvironmentQuestion): EnvironmentDialog {
  const { problem, missing } = question;
  const chooseAnother = { title: "Choose Another...", answer: "chooseAnother" } as const;
  const anyway = { title: "Submit Anyway", answer: "anyway" } as const;
  if (problem !== null)
    return {
      message: problem.message,
      detail: `${problem.remedy}\n\nNothing has been submitted yet.`,
      buttons: [{ title: "Show Log", answer: "showLog" }, chooseAnother, anyway],
    };
  const { interpreter, sources, host } = question;
  const own = sources.find((source) => isBuiltFrom(interpreter, source));
  const offered = sources.filter((source) => source !== own).slice(0, SOURCES_AT_MOST);
  const paragraphs = [
    missing.length > 1 ? modulesText(missing) : null,
    own === undefined
      ? `Why this Python: ${interpreter.origin}.`
      : `It was built from ${sourceText(own)}, which does not bring ${missing.length === 1 ? "it" : "them"}: add ${missing.length === 1 ? "it" : "them"} there, then submit again.`,
    offered.some(({ state }) => state !== "ready")
      ? `An environment is built once on ${host}; this folder's submits use it from then on.`
      : null,
  ];
  return {
    message: question.message,
    detail: paragraphs.filter((text) => text !== null).join("\n\n"),
    buttons: [
      ...offered.map((source) => ({ title: buildTitle(source), answer: { build: source } })),
      chooseAnother,
      anyway,
    ],
  };
}

/** The folder of an environment is called by its id. */
function isBuiltFrom({ path }: HostInterpreter, { environmentId }: EnvironmentSource): boolean {
  return path.split("/").includes(environmentId);
}

function buildTitle(source: EnvironmentSource): string {
  const name = source.kind === "script" ? `Block in ${source.path}` : sourceText(source);
  return source.state === "ready" ? `Use What Was Built From ${name}` : `Build From ${name}`;
}

function modulesText(missing: EnvironmentQuestion["missing"]): string {
  const lines = missing
    .slice(0, MODULES_AT_MOST)
    .map(({ module, file, line }) => `${module} (${file}:${line})`);
  if (missing.length > lines.length) lines.push(`and ${missing.length - lines.length} more`);
  return lines.join("\n");
}

export interface InterpreterRow {
  label: string;
  description: string;
  detail: string;
  path: string;
}

/** Chosen first, the others as the pool lists them. */
export function interpreterRows(interpreters: readonly ListedInterpreter[]): InterpreterRow[] {
  return [...interpreters]
    .sort((a, b) => Number(b.chosen) - Number(a.chosen))
    .map(({ path, version, origin, torch, cuda, chosen }) => ({
      label: [
        `${chosen ? "$(check) " : ""}Python ${version}`,
        torch === null ? "no torch" : `torch ${torch}`,
        ...(cuda === null ? [] : [`CUDA ${cuda}`]),
      ].join(" · "),
      description: chosen && origin !== CHOSEN ? `${CHOSEN} · ${origin}` : origin,
      detail: path,
      path,
    }));
}

/** What was typed as an interpreter of another machine. @returns what is wrong with it */
export function pathProblem(typed: string, host: string): string | undefined {
  const path = typed.trim();
  if (path === "" || !path.includes("/") || /^(?:\/|~\/)/.test(path)) return undefined;
  return `It is a path on ${host}, so it begins with / or ~/.`;
}

/** How far a building is, from what it printed last; null where it printed nothing yet. */
export function buildingText(printed: string): string | null {
  const line = stripVTControlCharacters(printed)
    .split(/[\r\n]+/)
    .findLast((candidate) => candidate.trim() !== "");
  return line === undefined
    ? null
    : `building its environment (${SHOW_LOG}): ${withoutLinks(oneLine(line.trim(), 80))}`;
}

/** Where a pool has no set-up lines yet, what the document says instead. */
export function setUpTemplate(pool: string): string {
  return `# Shell lines that run before every Python on ${pool}. They take effect when this file is saved.\n# module load cuda\n`;
}

/** The document as the pool keeps it: nothing, where nothing was written into it. */
export function setUpLinesOf(document: string, pool: string): string {
  return document.trim() === setUpTemplate(pool).trim() ? "" : document;
}
