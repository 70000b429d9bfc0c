import { expect, test } from "vitest";
import { columnOf, type KnownPool } from "../../../src/extension/panels/compareColumns.ts";
import { experiment, mirror, trial } from "../fixtures.ts";

const known = mirror({
  experiments: [
    experiment({ best: { trialId: "1.2", value: 1, step: 1 }, searcher: "grid" }),
    experiment({ id: 2 }),
  ],
  trials: [trial(), trial({ number: 2, name: "the wide one" }), trial({ experimentId: 2 })],
});
const pool = (change: Partial<KnownPool> = {}): KnownPool => ({
  name: "gpu",
  isLocal: false,
  isConnected: true,
  mirror: known,
  ...change,
});
const of = (experimentId: number, trialId: string | null, where: KnownPool | null = pool()) =>
  columnOf({ poolId: "gpu", experimentId, trialId }, where).column;

test("an experiment stands for its best trial; a run of its own is named by its experiment", () => {
  expect(of(1, null)).toMatchObject({ label: "1.2 gpu", name: "the wide one", trial: { id: "1.2" } });
  expect(of(2, null, pool({ isLocal: true }))).toMatchObject({ label: "#2", name: "digits" });
});

test("what is gone or away says so, and what was known is shown", () => {
  expect(of(9, null)).toMatchObject({ label: "#9", trial: null, problem: "It was deleted." });
  expect(of(1, "1.1", pool({ isConnected: false }))).toMatchObject({
    trial: { id: "1.1" },
    problem: expect.stringMatching(/^Not connected to gpu; /) as string,
  });
  expect(of(1, "1.1", pool({ isConnected: false, mirror: null }))).toMatchObject({
    trial: null,
    problem: "Not connected to gpu.",
  });
  expect(of(1, "1.1", null).problem).toMatch(/not in the list/);
  expect(of(1, "1.9").problem).toMatch(/no trial/);
});
