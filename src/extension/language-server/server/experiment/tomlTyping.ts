/** What is typed at a place of a script's `[tool.trainyard]` table: TOML is read up to the cursor, broken or not. Pure. */
import type { Range } from "vscode-languageserver/node";
import type { Span } from "../../../../cluster/client/configuration/places.ts";
import { findScriptBlock } from "../../../../cluster/client/configuration/scriptBlock.ts";
import { findNode, type Source } from "../../../../cluster/client/configuration/source.ts";
import { TABLE } from "../../../../cluster/client/configuration/tomlSource.ts";
import type { Path, Typing } from "./document.ts";
import { scanToml } from "./tomlScan.ts";

export function tomlTyping(
  source: Source,
  text: string,
  offset: number,
  range: (span: Span) => Range,
): Typing | null {
  const block = findScriptBlock(text);
  const at = block?.fromFile(offset) ?? null;
  if (block === null || at === null) return null;
  const { toml } = block;
  const scanned = scanToml(toml, at);
  if (scanned === null || !TABLE.every((part, index) => scanned.path[index] === part)) return null;
  const path: Path = scanned.path.slice(TABLE.length);
  const { what, from, isQuoted, isHeader, depth } = scanned;
  const rest = toml.slice(at);
  const more =
    what === "key"
      ? (/^[\w-]*/.exec(rest)?.[0] ?? "")
      : isQuoted
        ? (/^[^"'\n]*/.exec(rest)?.[0] ?? "")
        : (/^[^\s,\]}#]*/.exec(rest)?.[0] ?? "");
  const to = at + more.length;
  const map = what === "key" ? findNode(source, path)?.node : null;
  const own = toml.slice(from, to);
  const hasValue = what === "value" || /^[ \t]*[=.]/.test(toml.slice(to));
  return {
    what,
    path,
    range: range([block.inFile(from), block.inFile(to)]),
    text: toml.slice(from, at),
    present: [...scanned.before, ...(map?.kind === "map" ? map.entries.map(({ key }) => key) : [])].filter(
      (key) => !((hasValue || isHeader) && key === own),
    ),
    indent: "",
    style: isHeader ? "header" : depth > 0 ? "flow" : "block",
    canBeKey: what === "key",
    isQuoted,
    hasValue,
  };
}
