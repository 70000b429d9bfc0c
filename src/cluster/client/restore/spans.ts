/** Which bytes of a file are there, and which are to be fetched. Pure. */

/** From `start` up to, not including, `end`. */
export type Span = readonly [start: number, end: number];

/** In order, apart from each other, none empty: what add() gives. */
export type Spans = readonly Span[];

export function add(spans: Spans, [start, end]: Span): Spans {
  if (start >= end) return spans;
  const before = spans.filter((span) => span[1] < start);
  const after = spans.filter((span) => span[0] > end);
  const touched = spans.slice(before.length, spans.length - after.length);
  const joined: Span = [Math.min(start, touched[0]?.[0] ?? start), Math.max(end, touched.at(-1)?.[1] ?? end)];
  return [...before, joined, ...after];
}

/** What is not there of a file of so many bytes. */
export function missing(spans: Spans, bytes: number): Spans {
  const gaps: Span[] = [];
  let at = 0;
  for (const [start, end] of spans) {
    if (start > at) gaps.push([at, Math.min(start, bytes)]);
    at = Math.max(at, end);
  }
  if (at < bytes) gaps.push([at, bytes]);
  return gaps;
}

/** The same bytes in parts of at most `size`. */
export function cut(spans: Spans, size: number): Spans {
  return spans.flatMap(([start, end]) => {
    const parts: Span[] = [];
    for (let at = start; at < end; at += size) parts.push([at, Math.min(at + size, end)]);
    return parts;
  });
}

export function bytesOf(spans: Spans): number {
  return spans.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** How far a file is there from its beginning on. */
export function unbroken([first]: Spans): number {
  return first?.[0] === 0 ? first[1] : 0;
}
