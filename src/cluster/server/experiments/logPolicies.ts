/** What lines of output mean for their trial. Patterns are RE2's: the time of a search grows with the line alone. Pure. */
import { RE2JS } from "re2js";
import type { LogPolicy } from "../../protocol/configuration.ts";
import { messageOf } from "../errors.ts";

export type LogAction = "cancel_retries" | "exclude_node";

export interface CompiledPolicy {
  /** The label; null for one that only acts. */
  name: string | null;
  action: LogAction | null;
  matches: (line: string) => boolean;
}

/** Determined's: they only label. */
const DEFAULTS: readonly LogPolicy[] = [
  { name: "CUDA OOM", pattern: ".*CUDA out of memory.*" },
  { name: "ECC Error", pattern: ".*uncorrectable ECC error encountered.*" },
];
/** Instructions of a compiled pattern: with the longest line that is looked at, a search stays below a fifth of a second. */
const MOST_INSTRUCTIONS = 2000;

/** Patterns compiled last: the runs of a search have the same ones, and to compile one takes a millisecond. */
const compiled = new Map<string, RE2JS>();
const MOST_COMPILED = 100;

/** @returns what is wrong with a pattern, or null */
export function patternProblem(pattern: string): string | null {
  try {
    compile(pattern);
    return null;
  } catch (error) {
    return messageOf(error).replace(/^error parsing regexp: /, "");
  }
}

/** @throws Error for what is no pattern, or a too large one */
function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const fresh = RE2JS.compile(pattern);
  if (fresh.programSize() > MOST_INSTRUCTIONS) throw new Error("it is too large");
  const [oldest] = compiled.keys();
  if (compiled.size >= MOST_COMPILED && oldest !== undefined) compiled.delete(oldest);
  compiled.set(pattern, fresh);
  return fresh;
}

/** The configuration's own go before those that are always there; one of their name replaces them. */
export function compilePolicies(configured: readonly LogPolicy[]): CompiledPolicy[] {
  const names = new Set(configured.map(({ name }) => name));
  const all = [...configured, ...DEFAULTS.filter(({ name }) => !names.has(name))];
  return all.flatMap(({ name = null, pattern, action }) => {
    // What a submission is refused for may still come from the database of another version.
    if (typeof pattern !== "string" || patternProblem(pattern) !== null) return [];
    const expression = compile(pattern);
    const does = typeof action === "object" && action !== null ? action.type : (action ?? null);
    return [{ name, action: does, matches: (line: string) => expression.test(line) }];
  });
}

/** Why the trial is not started again, in one sentence. @param line as it may be shown */
export function cancelledReason({ name, action }: CompiledPolicy, line: string): string {
  const policy = name === null ? "a log policy" : `the log policy "${name}"`;
  const shown = line.trim().slice(0, 200);
  return action === "exclude_node"
    ? `It is not started again: ${policy} excludes this host, the only one of the pool, for the line "${shown}".`
    : `It is not started again: ${policy} cancels retries for the line "${shown}".`;
}
