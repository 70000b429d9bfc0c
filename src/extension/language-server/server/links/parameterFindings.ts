/** Hyperparameters that nothing reads, that are needed and not there, that do not come to the script, that are of another type. Pure. */
import type { Link } from "../pairs.ts";
import { bothOf } from "./both.ts";
import type { Finding } from "./finding.ts";
import { misspelled, throughHydra, unpassed } from "./flagFindings.ts";
import { unread } from "./unread.ts";
import { mistyped, unset } from "./unset.ts";

export function parameterFindings(link: Link): Finding[] {
  const both = bothOf(link);
  return both === null
    ? []
    : [unread, unpassed, throughHydra, misspelled, unset, mistyped].flatMap((find) => find(both));
}
