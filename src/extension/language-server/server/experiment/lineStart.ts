/** Where the line begins that an offset is on. */
export function lineStart(text: string, at: number): number {
  // lastIndexOf takes a place before the text for its first character.
  return at <= 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}
