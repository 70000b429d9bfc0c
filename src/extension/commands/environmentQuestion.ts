/** Asked at a submit to a remote pool, where its Python lacks what the script imports, or could not be built. */
import * as vscode from "vscode";
import type { EnvironmentAnswer, EnvironmentQuestion } from "../../cluster/client/environment/prepare.ts";
import { withoutLinks } from "../links.ts";
import type { BuildLog } from "./buildLog.ts";
import { environmentDialog } from "./environmentWords.ts";
import { pickInterpreter } from "./interpreterPick.ts";

/** In the form that submitExperiment() asks it. */
export async function askAboutEnvironment(
  question: EnvironmentQuestion,
  log: BuildLog,
): Promise<EnvironmentAnswer> {
  const { message, detail, buttons } = environmentDialog(question);
  if (question.problem !== null) log.fail(question.problem);
  for (;;) {
    const title = await vscode.window.showWarningMessage(
      withoutLinks(message),
      { modal: true, detail },
      ...buttons.map((button) => button.title),
    );
    const answer = buttons.find((button) => button.title === title)?.answer ?? "cancel";
    if (answer === "showLog") {
      // It is read, and what is wrong is put right, before the next submit.
      log.show();
      return "cancel";
    }
    if (answer !== "chooseAnother") return answer;
    const picked = await pickInterpreter(question.host, () => question.interpreters(), {
      canForget: false,
    });
    if (typeof picked === "string") return { choose: picked };
  }
}
