import fc from "fast-check";
import { expect, it } from "vitest";
import { RunEvent } from "../../../../src/cluster/protocol/runDirectory.ts";
import { parseEventLine, splitLines } from "../../../../src/cluster/server/runs/eventLines.ts";

const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    "NaN",
    "Infinity",
    "-Infinity",
    "inf",
    "",
    null,
    true,
    [],
    {},
    -0,
    2 ** 53,
    1e300,
    0.5,
    0,
    -1,
  ),
);
const names = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    "loss",
    "eval/top5",
    "__proto__",
    "constructor",
    "toString",
    "",
    "a.b",
    "ü",
    "a\u0000",
    "a\n",
  ),
  fc.constant("n".repeat(250)),
  fc.constant("n".repeat(251)),
  fc.constant("g".repeat(64)),
  fc.constant("g".repeat(65)),
);
const valueMaps = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.tuple(names, numbers), { maxLength: 4 }).map(asJsonObject) },
  fc.constantFrom("[]", "null", "[1]", '"x"', "1"),
);
function asJsonObject(entries: [string, unknown][]): string {
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${asJson(value)}`).join(",")}}`;
}
/** Also numbers that JSON cannot say, as somebody's writer might. */
function asJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) return value > 0 ? "1e999" : "-1e999";
  return Object.is(value, -0) ? "-0" : JSON.stringify(value);
}
const good = {
  seq: "3",
  t: "12.5",
  type: '"metrics"',
  group: '"training"',
  step: "7",
  values: '{"loss":0.5}',
};
/** Lines that are as they should be but for some of their keys. */
const lines = fc
  .record(
    {
      seq: numbers.map(asJson),
      t: numbers.map(asJson),
      type: fc.constantFrom('"metrics"', '"system"', '"progress"', "1"),
      group: fc.oneof(names, numbers).map(asJson),
      step: numbers.map(asJson),
      values: valueMaps,
      more: fc.constantFrom("1", '{"a":[]}'),
      ["__proto__"]: fc.constant('{"type":"metrics"}'),
    },
    { requiredKeys: [] },
  )
  .map(
    (odd) =>
      `{${Object.entries({ ...good, ...odd })
        .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
        .join(",")}}`,
  );

function bySchema(line: string): RunEvent | null {
  const parsed = RunEvent.safeParse(JSON.parse(line));
  return parsed.success ? parsed.data : null;
}

it("reads a line by hand exactly as by its schema (property)", () => {
  let taken = 0;
  fc.assert(
    fc.property(lines, (line) => {
      const event = parseEventLine(line);
      if (event !== null) taken++;
      expect(event).toEqual(bySchema(line));
      expect(Object.keys(event ?? {}).sort()).toEqual(Object.keys(bySchema(line) ?? {}).sort());
    }),
    { numRuns: 3000 },
  );
  expect(taken).toBeGreaterThan(100);
});

it("splits what was read into the same lines as a plain split, whatever the bytes (property)", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.map((one) => (one % 5 === 0 ? 10 : one))),
      (bytes) => {
        const whole = Buffer.from(bytes);
        const { lines: found, tooLong, consumed } = splitLines(whole);
        expect(tooLong).toBe(0);
        expect(consumed).toBe(whole.lastIndexOf(10) + 1);
        const text = whole.subarray(0, consumed).toString("utf8");
        expect(found).toEqual(text.split("\n").filter((one) => one !== ""));
      },
    ),
    { numRuns: 500 },
  );
});
