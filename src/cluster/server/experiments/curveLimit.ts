/** Leaves out of a report what would be a curve too many. A script that makes names up must not fill the server's memory. */
import { MAX_CURVES } from "../../protocol/limits.ts";
import type { CurveStore, ReportedEvent, RunReport } from "../ports.ts";

interface Known {
  count: number;
  /** rank and group -> names */
  names: Map<string, Set<string>>;
}

export function createCurveLimit(curves: Pick<CurveStore, "list">, maxCurves = MAX_CURVES) {
  const trials = new Map<string, Known>();

  function knownOf(trialId: string): Known {
    let known = trials.get(trialId);
    if (known === undefined) {
      known = { count: 0, names: new Map() };
      for (const { rank, group, name } of curves.list(trialId))
        admit(known, namesOf(known, rank, group), name);
      trials.set(trialId, known);
    }
    return known;
  }

  function namesOf({ names }: Known, rank: number, group: string): Set<string> {
    const id = `${rank} ${group}`;
    let set = names.get(id);
    if (set === undefined) names.set(id, (set = new Set()));
    return set;
  }

  function admit(known: Known, names: Set<string>, name: string): boolean {
    if (names.has(name)) return true;
    if (known.count >= maxCurves) return false;
    known.count++;
    names.add(name);
    return true;
  }

  return {
    /** @returns the report as far as it is kept, and how many values are not */
    within(trialId: string, report: RunReport): { report: RunReport; leftOut: number } {
      const known = knownOf(trialId);
      let leftOut = 0;
      const events = report.events.map((reported): ReportedEvent => {
        const { event, rank } = reported;
        if (event.type !== "metrics" && event.type !== "system") return reported;
        const isFull = known.count >= maxCurves;
        // Beyond the limit no set is made for a rank or a group that is new, either.
        const group = event.type === "system" ? "system" : event.group;
        const names = isFull ? (known.names.get(`${rank} ${group}`) ?? NONE) : namesOf(known, rank, group);
        let refused: Set<string> | null = null;
        for (const name in event.values) if (!admit(known, names, name)) (refused ??= new Set()).add(name);
        if (refused === null) return reported;
        leftOut += refused.size;
        const kept = Object.entries(event.values).filter(([name]) => !refused.has(name));
        return { ...reported, event: { ...event, values: Object.fromEntries(kept) } };
      });
      return leftOut === 0 ? { report, leftOut } : { report: { ...report, events }, leftOut };
    },
    forget(trialId: string): void {
      trials.delete(trialId);
    },
  };
}

const NONE = new Set<string>();
