/** Arguments of a script as one line of text, with the quotes that a shell knows. Nothing is expanded or run. Pure. */

/** @throws Error when a quote is left open */
export function splitArguments(text: string): string[] {
  const found: string[] = [];
  let current: string | null = null;
  let quote: string | null = null;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    const next = text.charAt(index + 1);
    if (quote !== null) {
      if (char === quote) quote = null;
      else if (char === "\\" && quote === '"' && (next === '"' || next === "\\")) {
        current = (current ?? "") + next;
        index++;
      } else current = (current ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      current ??= "";
    } else if (char === "\\" && next !== "") {
      current = (current ?? "") + next;
      index++;
    } else if (/\s/.test(char)) {
      if (current !== null) found.push(current);
      current = null;
    } else current = (current ?? "") + char;
  }
  if (quote !== null) throw new Error(`The quote ${quote} is not closed.`);
  if (current !== null) found.push(current);
  return found;
}

export function joinArguments(values: readonly string[]): string {
  return values
    .map((value) => (/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'"'"'`)}'`))
    .join(" ");
}
