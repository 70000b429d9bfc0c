/** Limits of what runs print; apart, since the thread that searches needs no schemas. */

export const LONGEST_QUERY = 1000;
/** Of one call. */
export const MOST_MATCHES = 1000;
/** Lines of one call, for each of which a MiB may have to be read. */
export const MOST_PLACES = 100;
/** A longer stretch without `\n` or `\r` is looked at in parts of this size, where it has to be looked at as text. */
export const SEARCHED_LINE_BYTES = 16 * 1024;
export const EXCERPT_CHARACTERS = 400;
/** Reads of one connection that wait for output at the same time. */
export const MOST_FOLLOWERS = 16;
export const LONGEST_WAIT_MS = 30_000;
