/** OpenSSH's patterns: `*`, `?`, and lists of them in which one that starts with `!` takes back (ssh_config(5), PATTERNS). */

export function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let taken = 0;
  let read = 0;
  // Only the last star is ever gone back to, so this stays fast for any pattern.
  while (read < text.length) {
    if (pattern[at] === "*") {
      star = at++;
      taken = read;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[read])) {
      at++;
      read++;
    } else if (star !== -1) {
      at = star + 1;
      read = ++taken;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** One matches, and none that is negated does. */
export function matchesList(patterns: readonly string[], text: string): boolean {
  const matching = patterns.filter((pattern) => matchesPattern(pattern.replace(/^!/, ""), text));
  return matching.length > 0 && matching.every((pattern) => !pattern.startsWith("!"));
}
