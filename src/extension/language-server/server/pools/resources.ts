/** Slots: what no pool has, and what no trial would ever get. Pure. */
import { DiagnosticSeverity } from "vscode-languageserver/node";
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { countText } from "../../../../cluster/client/numberWords.ts";
import type { EditorState, PoolFacts } from "../../contract.ts";
import type { Mark } from "./mark.ts";

export function resourceMarks(value: unknown, { pools, chosenPool }: EditorState): Mark[] {
  const wanted = valueAt(value, ["resources", "slots_per_trial"]);
  const most = valueAt(value, ["resources", "max_slots"]);
  const marks: Mark[] = [];
  const severity = DiagnosticSeverity.Warning;
  const pool = pools.find(({ id }) => id === chosenPool);
  if (typeof wanted === "number" && pool !== undefined && hasTooFew(pool, wanted)) {
    const others = pools.filter((one) => one !== pool && one.isConnected && slotsOf(one) >= wanted);
    const where =
      others.length === 0 ? "" : ` ${others.map((one) => `${one.name} has ${slotsOf(one)}`).join(", ")}.`;
    marks.push({
      ...{ path: ["resources", "slots_per_trial"], what: "value", severity },
      message: `${pool.name} has ${countText(slotsOf(pool), "slot")}: a trial with ${wanted} would never start there.${where}`,
    });
  }
  // Without a number of its own a trial takes one slot, which every limit allows.
  if (typeof wanted === "number" && typeof most === "number" && most > 0 && most < wanted)
    marks.push({
      ...{ path: ["resources", "max_slots"], what: "value", severity },
      message: `Fewer than \`slots_per_trial\` (${wanted}): no trial would ever start.`,
    });
  return marks;
}

function hasTooFew(pool: PoolFacts, wanted: number): boolean {
  return pool.isConnected && wanted > slotsOf(pool);
}

/** Those of others count: they may come free. */
function slotsOf({ slots }: PoolFacts): number {
  return slots.filter(({ state }) => state !== "unusable").length;
}
