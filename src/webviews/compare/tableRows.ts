/** The table of a comparison as text. Pure. */
import type { CompareColumn, CompareRow } from "../contract/compare.ts";
import { formatDistinct, formatExact, formatValue } from "../experiment/format.ts";

export interface ShownCell {
  text: string;
  /** Against the first column: `+0.013`. */
  delta: string | null;
  isBest: boolean;
  /** It has none, or it was not seen. */
  isMissing: boolean;
}
export interface ShownRow {
  section: string;
  name: string;
  isNumeric: boolean;
  cells: ShownCell[];
}

export function shownRows(rows: readonly CompareRow[], showAll: boolean): ShownRow[] {
  return rows.filter((row) => showAll || row.differs).map(shownRow);
}

function shownRow({ section, name, cells, best }: CompareRow): ShownRow {
  const numbers = cells.filter((cell) => typeof cell === "number");
  const isResult = section === "Results";
  // Results are measured, and rounded; what was set is shown as it was set.
  const texts = isResult ? formatDistinct(numbers) : numbers.map(formatExact);
  let at = 0;
  const [first] = cells;
  return {
    section,
    name,
    isNumeric: cells.every((cell) => cell === null || typeof cell === "number"),
    cells: cells.map((cell, column): ShownCell => ({
      text: cell === null ? "–" : typeof cell === "number" ? (texts[at++] ?? "") : cell,
      delta: isResult && column > 0 ? deltaText(cell, first ?? null) : null,
      isBest: best.includes(column),
      isMissing: cell === null,
    })),
  };
}

function deltaText(value: CompareRow["cells"][number], first: CompareRow["cells"][number]): string | null {
  if (typeof value !== "number" || typeof first !== "number") return null;
  const delta = value - first;
  if (!Number.isFinite(delta) || delta === 0) return null;
  return `${delta > 0 ? "+" : "-"}${formatValue(Math.abs(delta), 2)}`;
}

/** Whether the code of a column can be held against that of the first. */
export function codeOf(
  columns: readonly CompareColumn[],
  column: number,
): "first" | "same" | "other" | "none" {
  const tree = columns[column]?.trial?.tree;
  const first = columns[0]?.trial?.tree;
  if (column === 0) return "first";
  if (tree === undefined || first === undefined) return "none";
  return tree === first ? "same" : "other";
}
