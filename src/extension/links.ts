/** Text of a pool, a script or a workspace in a message of the editor's, which makes links of `[text](command:...)`. */
export function withoutLinks(text: string): string {
  return text.replaceAll("](", "] (");
}
