/** Output as the text of a document: without colours, each line as it was last printed over. Pure. */
import { stripVTControlCharacters } from "node:util";

/** A document's lines would end at a `\r` too: then its numbers would be others than the panel's. */
export function documentText(output: string): string {
  return stripVTControlCharacters(output)
    .split("\n")
    .map((line) => {
      const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
      return whole.slice(whole.lastIndexOf("\r") + 1);
    })
    .join("\n");
}
