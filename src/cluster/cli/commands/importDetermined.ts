/** `trainyard import-determined`: what of a folder that was made for Determined runs here. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { checkDetermined, verdictOf } from "../../client/determined/report.ts";
import { reportText } from "../../client/determined/words.ts";
import { UserError } from "../../client/userError.ts";
import { EXIT, type Command } from "../command.ts";
import { plainOutput } from "../text.ts";

export const importDetermined: Command = {
  name: "import-determined",
  usage: "import-determined FOLDER",
  summary: "What of a folder made for Determined runs here as it is, what differently, and what not.",
  details: `Reads every YAML file with \`searcher:\`, and what the scripts use of Determined, by file and line. Nothing is run,
submitted or changed. Exit code: 0 when all of it runs, 1 when something does not.`,
  arguments: ["FOLDER"],
  run: async (context, given) => {
    const folder = path.resolve(context.cwd, given.arguments[0] ?? "");
    if (!(await stat(folder).catch(() => null))?.isDirectory())
      throw new UserError(`${folder} is not a folder.`, "Name the folder with the experiment's YAML file.");
    const report = await checkDetermined(folder, context.pythonFolder, context.signal);
    const files = report.files.map((file) => ({ ...file, verdict: verdictOf(file) }));
    context.document({ folder, files });
    context.say(plainOutput(reportText(report)));
    return files.some(({ verdict }) => verdict === "not") ? EXIT.failed : EXIT.ok;
  },
};
