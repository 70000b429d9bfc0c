/** What an interpreter lacks, as a sentence, and what to do about it where nobody can be asked. */
import type {
  EnvironmentSource,
  HostInterpreter,
  MissingModule,
  NamedEnvironment,
} from "../../protocol/environments.ts";

const NAMED_AT_MOST = 3;

/** "torch is missing in /usr/bin/python3 (Python 3.11.2) on gpu1 (train.py:3)." */
export function missingText(
  missing: readonly MissingModule[],
  { path, version }: HostInterpreter,
  host: string,
): string {
  const names = missing.slice(0, NAMED_AT_MOST).map(({ module }) => module);
  const more = missing.length - names.length;
  if (more > 0) names.push(`${more} more`);
  const [first] = missing;
  const where = first === undefined ? "" : ` (${first.file}:${first.line})`;
  return `${listText(names)} ${missing.length === 1 ? "is" : "are"} missing in ${path} (Python ${version}) on ${host}${where}.`;
}

export function missingRemedy(sources: readonly EnvironmentSource[], named: NamedEnvironment | null): string {
  const [source] = sources;
  if (source !== undefined)
    return `Build an environment from ${sourceText(source)} (--build), name another interpreter (--python), or submit all the same (--anyway).`;
  if (named !== null)
    return "Install them there, name another interpreter (--python), or submit all the same (--anyway).";
  return "Add a requirements.txt to build an environment from, name another interpreter (--python), or submit all the same (--anyway).";
}

/** "requirements.txt", or "the block in train.py". */
export function sourceText({ kind, path }: Pick<EnvironmentSource, "kind" | "path">): string {
  return kind === "script" ? `the block in ${path}` : path;
}

function listText(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
