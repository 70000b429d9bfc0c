/** Node's flags for the language server's process. */

/** MB for what is short-lived, of which a parse makes much: with Node's own 16 the process takes 20 MB more, and is no faster. */
export const SERVER_FLAGS: readonly string[] = ["--max-semi-space-size=4"];
