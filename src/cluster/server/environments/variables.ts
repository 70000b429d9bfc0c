/** Environment variables of what the pool starts: pure. */

/** Of the editor that this server was started from, and of a run that it may have been started in. */
const NOT_INHERITED =
  /^(VSCODE_|ELECTRON_|TRAINYARD_(RUN|TRIAL|EXPERIMENT|SEED|PARAMS|SLOTS|CHECKPOINT|PYTHON)|CHROME_DESKTOP$)/;
/** A shell's own, and ours. What is no plain name (an exported function) belongs to one kind of shell. */
const NOT_A_CHANGE = /^(_|SHLVL|PWD|OLDPWD|TRAINYARD_.*)$|[^A-Za-z0-9_]|^[0-9]/;

/** What is set anew, and, as null, what is gone. */
export type Changes = Readonly<Record<string, string | null>>;

/** What everything gets that this server starts. */
export function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name)));
}

export function changed(variables: NodeJS.ProcessEnv, changes: Changes): NodeJS.ProcessEnv {
  const all = Object.entries({ ...variables, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** @param after as `env -0` prints it */
export function changesBetween(before: NodeJS.ProcessEnv, after: string): Changes {
  const now = new Map<string, string>();
  for (const line of after.split("\0")) {
    const end = line.indexOf("=");
    if (end > 0) now.set(line.slice(0, end), line.slice(end + 1));
  }
  const changes: Record<string, string | null> = {};
  for (const name of new Set([...Object.keys(before), ...now.keys()])) {
    const value = now.get(name) ?? null;
    if (!NOT_A_CHANGE.test(name) && value !== (before[name] ?? null)) changes[name] = value;
  }
  return changes;
}
