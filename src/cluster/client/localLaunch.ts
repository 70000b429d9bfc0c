/** What a trial runs, as something that is started here by hand: under a debugger, say. */
import type { JsonObject } from "../protocol/base.ts";
import { environmentOf, type ExperimentConfiguration, isTrialClass } from "../protocol/configuration.ts";
import { flagsOf } from "../protocol/flags.ts";
import { findSecretNames } from "./configuration.ts";
import { explicitHere, namedEnvironment } from "./environment/named.ts";
import { type Interpreter, resolveInterpreter } from "./interpreter.ts";
import { UserError } from "./userError.ts";

export interface LocalLaunch {
  /** A script relative to the workspace folder, or a module's name. */
  start: { script: string } | { module: string };
  arguments: string[];
  /** As it is written: with `${secret:NAME}` in it. */
  environment: Record<string, string>;
  secretNames: string[];
}

export interface Launched {
  /** Relative to the workspace folder. */
  script: string;
  /** Those of the submit. */
  arguments: readonly string[];
  configuration: ExperimentConfiguration;
  hyperparameters: JsonObject;
}

/** One process of it, whatever the launcher. @throws UserError where what runs is no Python script */
export function localLaunch({
  script,
  arguments: given,
  configuration,
  hyperparameters,
}: Launched): LocalLaunch {
  const { entrypoint, pass_as } = configuration;
  const all = [...given, ...(pass_as === "flags" ? flagsOf(hyperparameters) : [])];
  const rest = {
    environment: Object.fromEntries(environmentOf(configuration, "cpu")),
    secretNames: findSecretNames(configuration),
  };
  if (entrypoint === undefined) return { start: { script }, arguments: all, ...rest };
  const words = typeof entrypoint === "string" ? plainWords(entrypoint) : entrypoint;
  const found = isTrialClass(entrypoint) || words === null ? null : pythonOf(words);
  if (found === null)
    throw new UserError(
      `The entrypoint \`${typeof entrypoint === "string" ? entrypoint : entrypoint.join(" ")}\` is not \`python SCRIPT\` or \`python -m MODULE\`, which alone can be started here.`,
      "Open its script, and run that one under the debugger.",
    );
  // A string goes to the shell as it is and takes no arguments.
  const more = typeof entrypoint === "string" ? [] : all;
  return { start: found.start, arguments: [...found.arguments, ...more], ...rest };
}

/** Null: a shell would make something else of it than its words. */
function plainWords(text: string): string[] | null {
  return /^[\w@%+=:,./ -]+$/.test(text) ? text.split(/\s+/).filter((word) => word !== "") : null;
}

const TAKE_A_VALUE = ["-W", "-X"];

function pythonOf(words: readonly string[]): { start: LocalLaunch["start"]; arguments: string[] } | null {
  const [program = "", ...rest] = words;
  if (!/^(.*\/)?python[\d.]*$/.test(program)) return null;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? "";
    if (word === "-m") {
      const module = rest[at + 1];
      // Those start processes of their own, which is nothing to step through.
      if (module === undefined || /^(torch\.distributed|determined|accelerate|deepspeed)\b/.test(module))
        return null;
      return { start: { module }, arguments: rest.slice(at + 2) };
    }
    if (TAKE_A_VALUE.includes(word)) at++;
    else if (word === "-c" || word === "-") return null;
    else if (!word.startsWith("-")) return { start: { script: word }, arguments: rest.slice(at + 1) };
  }
  return null;
}

/** The one that a submit on this machine would take. @throws UserError */
export async function interpreterHere(
  configuration: ExperimentConfiguration | null,
  where: { script: string; folder: string; editorChoice: string | null },
): Promise<Interpreter> {
  const named = configuration && namedEnvironment(null, configuration.environment);
  return resolveInterpreter({
    ...where,
    root: where.folder,
    explicit: named && (await explicitHere(named)),
  });
}
