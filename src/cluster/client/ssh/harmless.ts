/** Words of a server, or of a host's own programs, which a person will read in a dialog or a message of ours. */
const LONGEST = 300;

/**
 * One line without what a terminal would obey or the eye would be led astray by, nor a link: in the editor's messages and
 * questions `[text](command:...)` is one, which runs a command when it is clicked.
 */
export function harmless(text: string, longest = LONGEST): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll("](", "] (")
    .trim()
    .slice(0, longest);
}
