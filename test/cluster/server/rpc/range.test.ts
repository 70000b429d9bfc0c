import { expect, it } from "vitest";
import { readRange } from "../../../../src/cluster/server/rpc/range.ts";

it.each([
  ["bytes=0-0", 10, { start: 0, end: 0 }],
  ["bytes=3-5", 10, { start: 3, end: 5 }],
  ["bytes=8-99", 10, { start: 8, end: 9 }],
  ["bytes=8-", 10, { start: 8, end: 9 }],
  ["bytes=-3", 10, { start: 7, end: 9 }],
  ["bytes=-99", 10, { start: 0, end: 9 }],
  ["bytes=10-12", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-5", 0, "unsatisfiable"],
  ["bytes=5-3", 10, null],
  ["bytes=-", 10, null],
  ["bytes=0-1,4-5", 10, null],
  ["lines=0-1", 10, null],
  ["bytes=99999999999999999999-", 10, null],
  [undefined, 10, null],
])("reads the range %s of %i bytes", (header, size, range) => {
  expect(readRange(header, size)).toEqual(range);
});
