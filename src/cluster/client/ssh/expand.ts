/** What OpenSSH fills in: `~`, `${VARIABLE}` and tokens such as `%h` (ssh_config(5), TOKENS). */
import path from "node:path";

export type Tokens = Readonly<Record<string, string>>;

/** A token that is not among them is left as it stands. */
export function expandTokens(text: string, tokens: Tokens): string {
  return text.replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}

/** What is not known is left as it stands, and names a file that does not exist. */
export function expandPath(text: string, home: string, tokens: Tokens = {}): string {
  // In one go: what a variable or a token holds is not looked at again.
  return text
    .replace(/^~(?=[/\\]|$)/, () => home)
    .replace(/%(.)|\$\{(\w+)\}/g, (whole, token: string | undefined, variable: string | undefined) => {
      const value = token === undefined ? process.env[variable ?? ""] : tokens[token];
      return value ?? whole;
    });
}

/** OpenSSH prints a list of paths without quotes, and a path may have spaces: what begins no path belongs to the one before. */
export function splitPaths(list: string): string[] {
  const paths: string[] = [];
  for (const word of list.split(" ")) {
    const begins = path.isAbsolute(word) || /^(~|\$\{)/.test(word);
    if (begins || paths.length === 0) paths.push(word);
    else paths.push(`${paths.pop() ?? ""} ${word}`);
  }
  return paths;
}
