/** Places in the person's code that a line of output names. Pure. */

export interface SourceLink {
  /** Range in the text. */
  start: number;
  end: number;
  file: string;
  line: number;
}

const PATTERNS = [
  /File "([^"\n]{1,1000})", line (\d{1,9})/g,
  /(?<![\w./\\-])([\w./@+-]{1,500}\.py):(\d{1,9})\b/g,
];
const LONGEST_LINE = 20_000;

export function findLinks(text: string): SourceLink[] {
  if (text.length > LONGEST_LINE || !text.includes(".py")) return [];
  const links: SourceLink[] = [];
  for (const pattern of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const [whole, file = "", line = "0"] = match;
      const link = { start: match.index, end: match.index + whole.length, file, line: Number(line) };
      const overlaps = links.some((other) => link.start < other.end && other.start < link.end);
      if (link.line > 0 && !overlaps) links.push(link);
    }
  }
  return links.sort((a, b) => a.start - b.start);
}

/**
 * Where a path that a run printed lies in the snapshot: relative to the snapshot's root, or null when it is not in it.
 * @param directory where the run started, relative to the root (`.` for the root)
 */
export function snapshotPath(file: string, runId: string, directory: string): string | null {
  let path = file.replaceAll("\\", "/");
  const inWork = `/runs/${runId}/work/`;
  const at = path.lastIndexOf(inWork);
  if (at >= 0) path = path.slice(at + inWork.length);
  else if (path.startsWith("/") || /^[A-Za-z]:/.test(path) || path.startsWith("<")) return null;
  else if (directory !== ".") path = `${directory}/${path}`;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length === 0 ? null : parts.join("/");
}
