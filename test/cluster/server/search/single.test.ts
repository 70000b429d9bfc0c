import { expect, test } from "vitest";
import { findSearcher, searcherOf } from "../../../../src/cluster/server/search/searchers.ts";
import { trialSeed } from "../../../../src/cluster/server/search/seeds.ts";
import { single } from "../../../../src/cluster/server/search/single.ts";

const space = { hyperparameters: { lr: 0.1 }, experimentSeed: 7 };

test("single makes one trial and nothing more", () => {
  const begun = single.begin();
  const first = single.decide(begun, { type: "started" }, space);
  expect(first.actions).toEqual([
    { type: "createTrial", number: 1, hyperparameters: { lr: 0.1 }, seed: trialSeed(7, 1) },
  ]);
  expect(single.decide(first.state, { type: "trialEnded", number: 1, how: "failed" }, space).actions).toEqual(
    [],
  );
  expect(single.planned(space)).toBe(1);
});

test("a searcher is found by name, and for a running experiment by its version too", () => {
  expect(findSearcher("single")).toBe(single);
  expect(findSearcher("random")).toBeUndefined();
  expect(searcherOf(single.begin())).toBe(single);
  expect(searcherOf({ ...single.begin(), version: 99 })).toBeUndefined();
});

test("seeds are of 31 bits, repeatable, and differ between trials and experiments", () => {
  const seeds = Array.from({ length: 100 }, (_, number) => trialSeed(1, number));
  expect(new Set(seeds).size).toBe(100);
  for (const seed of seeds)
    expect(seed).toSatisfy((s: number) => Number.isInteger(s) && s >= 0 && s < 2 ** 31);
  expect(trialSeed(1, 3)).toBe(trialSeed(1, 3));
  expect(trialSeed(2, 3)).not.toBe(trialSeed(1, 3));
});
