/** What the experiments view says of its filter, and of what it does not show. Pure. */
import { plural } from "../format.ts";
import type { ExperimentsFilter, ExperimentsNode } from "./nodes.ts";

/** Null while there is nothing to say: then the rows say it all. */
export function filterText(
  { text, showAll, folders }: Pick<ExperimentsFilter, "text" | "showAll"> & { folders: { isEmpty: boolean } },
  roots: readonly ExperimentsNode[],
): string | null {
  if (text === "") return null;
  const hidden = roots.reduce((sum, node) => sum + (node.kind === "more" ? (node.hidden ?? 0) : 0), 0);
  const shown = roots.filter(({ kind }) => kind === "experiment" || kind === "single").length;
  if (shown > 0) return `${plural(shown + hidden, "experiment")} with: ${text}`;
  if (roots.some(({ kind }) => kind === "busy" || kind === "problem")) return `Looking for: ${text}`;
  const where = showAll || folders.isEmpty ? "" : " of this folder";
  return `No experiment${where} matches: ${text} (Clear Filter shows all again)`;
}

export function moreLabel(hidden: number | null, page: number): string {
  if (hidden === null) return `Show ${page} more`;
  return `Show ${Math.min(hidden, page)} more of ${hidden.toLocaleString("en-US")}`;
}
