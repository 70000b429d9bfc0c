/** What is shown of notes where there is one line. Pure. */

/** The first line with words, without the signs that make it a heading, a list or a quotation. */
export function firstLineOf(markdown: string): string {
  for (const line of markdown.split(/\r?\n/)) {
    const words = line.replace(/^(?:\s|[#>]+(?!\S)|[*+-](?!\S)|-{3,}\s*$)+/, "").trim();
    if (words !== "") return words;
  }
  return "";
}
