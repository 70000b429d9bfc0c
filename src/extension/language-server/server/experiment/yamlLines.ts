/** What is typed at a place of YAML that does not parse there: by lines and their indent alone. Pure. */
import type { Range } from "vscode-languageserver/node";
import type { Span } from "../../../../cluster/client/configuration/places.ts";
import type { Typing } from "./document.ts";
import { lineStart } from "./lineStart.ts";

const LINE =
  /^(?<indent>\s*)(?:(?<key>[\w.-]+|"[^"]*"|'[^']*')[ \t]*(?:(?<colon>:(?=\s|$))[ \t]*|$))?(?<value>.*)$/;
/** Of a long file as much is looked at, above and below. */
const MOST_LINES = 2000;

export function typingByLines(text: string, offset: number, range: (span: Span) => Range): Typing | null {
  const start = lineStart(text, offset);
  const before = text.slice(start, offset);
  const { indent = "", key, colon, value = "" } = LINE.exec(before)?.groups ?? {};
  const above = text
    .slice(Math.max(0, start - 200_000), start)
    .split(/\r?\n/)
    .slice(-MOST_LINES);
  const path = parentsOf(above, indent.length);
  const common = { indent, style: "block", isQuoted: false } as const;
  if (colon !== undefined && key !== undefined) {
    const from = offset - value.length;
    const rest = /^[^\r\n#]*/.exec(text.slice(offset))?.[0].trimEnd() ?? "";
    const span: Span = [from, offset + rest.length];
    const typed = { range: range(span), text: value, path: [...path, unquoted(key)] };
    return { ...common, ...typed, what: "value", present: [], canBeKey: false, hasValue: true };
  }
  if (value !== "") return null;
  const word = /^[\w.-]*/.exec(text.slice(offset))?.[0] ?? "";
  const typed = key ?? "";
  const below = text
    .slice(offset, offset + 200_000)
    .split(/\r?\n/)
    .slice(1, MOST_LINES);
  return {
    ...common,
    what: "key",
    path,
    range: range([offset - typed.length, offset + word.length]),
    text: typed,
    present: [...siblingsOf(above.toReversed(), indent.length), ...siblingsOf(below, indent.length)],
    canBeKey: true,
    hasValue: /^[ \t]*:/.test(text.slice(offset + word.length)),
  };
}

function parentsOf(above: readonly string[], indent: number): string[] {
  const path: string[] = [];
  let limit = indent;
  for (const line of above.toReversed()) {
    if (limit === 0) break;
    const { indent: own = "", key, colon } = LINE.exec(line)?.groups ?? {};
    if (key === undefined || colon === undefined || own.length >= limit) continue;
    path.unshift(unquoted(key));
    limit = own.length;
  }
  return path;
}

/** Keys of the lines from here on that stand at the same column, up to a line that stands further left. */
function siblingsOf(lines: readonly string[], indent: number): string[] {
  const keys: string[] = [];
  for (const line of lines) {
    const { indent: own = "", key, colon } = LINE.exec(line)?.groups ?? {};
    if (key === undefined) continue;
    if (own.length < indent) break;
    if (own.length === indent && colon !== undefined) keys.push(unquoted(key));
  }
  return keys;
}

function unquoted(key: string): string {
  return key.replace(/^["']|["']$/g, "");
}
