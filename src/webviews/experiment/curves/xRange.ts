/** A part of the x axis as points have it: steps, or milliseconds since the epoch. Pure. */
export interface XRange {
  kind: "step" | "time";
  from: number;
  to: number;
}

export function covers(outer: XRange, inner: XRange): boolean {
  return outer.kind === inner.kind && outer.from <= inner.from && outer.to >= inner.to;
}

/** With half as much again on each side, so that moving a little needs no reading. */
export function padded({ kind, from, to }: XRange): XRange {
  const more = (to - from) / 2;
  return { kind, from: from - more, to: to + more };
}
