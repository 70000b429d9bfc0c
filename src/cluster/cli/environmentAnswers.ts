/** What is done where the Python of a pool lacks what the script imports: as the command line says, or as a person does. */
import type { EnvironmentAnswer, EnvironmentQuestion } from "../client/environment/prepare.ts";
import { sourceText } from "../client/environment/words.ts";
import type { SubmitOptions } from "../client/submit.ts";
import { UserError } from "../client/userError.ts";
import type { Context, Given } from "./command.ts";
import { canAsk, readAnswer } from "./prompt.ts";
import { plain, table } from "./text.ts";

/** @returns undefined where nobody answers: then what is missing is an error */
export function environmentAnswers(
  context: Context,
  { values: { build, anyway, python } }: Pick<Given, "values">,
): SubmitOptions["environment"] {
  if (anyway === true) return () => Promise.resolve("anyway");
  const base = typeof python === "string" ? { python } : {};
  if (build === true) {
    let isBuilt = false;
    return (question) => {
      const [source] = question.sources;
      if (question.problem !== null) throw new UserError(question.message, question.problem.remedy);
      if (source === undefined || isBuilt) throw new UserError(question.message, nothingMore(source));
      isBuilt = true;
      return Promise.resolve({ build: source, ...base });
    };
  }
  return canAsk(context) ? (question) => askPerson(context, question) : undefined;
}

function nothingMore(built: EnvironmentQuestion["sources"][number] | undefined): string {
  return built === undefined
    ? "There is nothing to build an environment from: add a requirements.txt beside the script."
    : `Add it to ${sourceText(built)}, or submit all the same (--anyway).`;
}

async function askPerson(context: Context, question: EnvironmentQuestion): Promise<EnvironmentAnswer> {
  const choices: { text: string; answer: () => Promise<EnvironmentAnswer> }[] = [
    ...question.sources.map((source) => ({
      text: `build an environment from ${sourceText(source)}`,
      answer: () => Promise.resolve({ build: source }),
    })),
    { text: "choose another interpreter", answer: () => askInterpreter(context, question) },
    { text: "submit all the same", answer: () => Promise.resolve("anyway") },
  ];
  context.note(`${plain(question.message)}\n`);
  if (question.problem !== null) context.note(`${plain(question.problem.remedy)}\n`);
  choices.forEach(({ text }, index) => context.note(`  ${index + 1}  ${plain(text)}\n`));
  const chosen = await askNumber(context, choices.length);
  return chosen === null ? "cancel" : ((await choices[chosen]?.answer()) ?? "cancel");
}

async function askInterpreter(context: Context, question: EnvironmentQuestion): Promise<EnvironmentAnswer> {
  const found = await question.interpreters();
  const rows = found.map(({ path, version, torch, cuda, origin }, index) => [
    String(index + 1),
    path,
    version,
    torch ?? "",
    cuda ?? "",
    origin,
  ]);
  context.note(table(["", "PATH", "PYTHON", "TORCH", "CUDA", "FOUND"], rows, context.paint));
  const chosen = await askNumber(context, found.length);
  const path = chosen === null ? undefined : found[chosen]?.path;
  return path === undefined ? "cancel" : { choose: path };
}

/** @returns from 0 on; null for no answer, or another than these */
async function askNumber(context: Context, count: number): Promise<number | null> {
  const answer = await readAnswer(context, `1 to ${count}, or Enter to cancel: `, true);
  const number = Number(answer?.trim() || NaN);
  return Number.isInteger(number) && number >= 1 && number <= count ? number - 1 : null;
}
