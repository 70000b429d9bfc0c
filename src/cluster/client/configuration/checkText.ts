/** Everything that is to be said about a configuration's text, for who shows it while it is written. Pure. */
import { checkConfiguration } from "./check.ts";
import { type Located, readSource } from "./source.ts";

export interface CheckedText {
  /** What a submit would refuse. */
  problems: Located[];
  /** What has no effect here. */
  notes: Located[];
}

export function checkText(file: string, text: string): CheckedText {
  const read = readSource(file, text);
  if ("problems" in read) return { problems: read.problems, notes: [] };
  const checked = checkConfiguration(read.source);
  if ("problems" in checked) return { problems: checked.problems, notes: [] };
  return { problems: checked.notYet, notes: checked.notes };
}
