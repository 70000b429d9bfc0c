/** What a terminal may see: plain text in tables, without anything that a pool or a script could make it obey. */

/* eslint-disable no-control-regex -- control characters are what this is about */

/** Control characters (C0, C1, and the ones that turn the direction of text) are taken out; tabs become spaces. */
export function plain(text: string): string {
  return stripEscapes(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g,
    " ",
  );
}

/** The same for a script's output, where lines, tabs and the carriage returns of progress bars mean something. */
export function plainOutput(text: string): string {
  return stripEscapes(text).replace(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    "",
  );
}

/** Whole escape sequences (colours, cursor, titles), so that their remains are not left as text. */
function stripEscapes(text: string): string {
  return text.replace(
    /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])/g,
    "",
  );
}

export type Paint = (text: string, colour: "red" | "green" | "yellow" | "blue" | "dim" | "bold") => string;

const CODES = { red: 31, green: 32, yellow: 33, blue: 34, dim: 2, bold: 1 } as const;

export function painter(enabled: boolean): Paint {
  return (text, colour) => (enabled ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

export function stateColour(state: string): Parameters<Paint>[1] {
  if (state === "completed") return "green";
  if (state === "failed" || state === "killed") return "red";
  if (state === "running" || state === "starting") return "blue";
  return state === "stopped" || state === "paused" ? "yellow" : "dim";
}

export interface Cell {
  text: string;
  colour?: Parameters<Paint>[1];
}
export type Row = readonly (Cell | string)[];

/** Columns padded to their widest cell; the header in bold. */
export function table(header: readonly string[], rows: readonly Row[], paint: Paint): string {
  const cells = rows.map((row) =>
    row.map((cell) =>
      typeof cell === "string" ? { text: plain(cell) } : { ...cell, text: plain(cell.text) },
    ),
  );
  const widths = header.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  const line = (row: readonly Cell[]): string =>
    row
      .map((cell, column) => {
        const padding = column === row.length - 1 ? "" : " ".repeat((widths[column] ?? 0) - cell.text.length);
        return (cell.colour ? paint(cell.text, cell.colour) : cell.text) + padding;
      })
      .join("  ");
  const head: Cell[] = header.map((text) => ({ text, colour: "bold" }));
  return [head, ...cells].map((row) => `${line(row)}\n`).join("");
}

/** `name  value` lines. */
export function pairs(rows: readonly (readonly [string, string | null])[], paint: Paint): string {
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== null);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint(name.padEnd(width), "dim")}  ${plain(value)}\n`).join("");
}

/** To the line's beginning, and away with it. */
export const CLEAR_LINE = "\r\u001b[K";

export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ""}`;
}

export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function agoText(at: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}
