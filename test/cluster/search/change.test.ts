/** Searches that a person changes while they run, or extends when they have ended. */
import { expect, test } from "vitest";
import { changeSearch, whyNot } from "../../../src/cluster/search/change.ts";
import { unwrap } from "../../../src/cluster/search/adaptive.ts";
import type { Decision, Search, SearcherEvent, SearcherState } from "../../../src/cluster/search/searcher.ts";
import { findSearcher } from "../../../src/cluster/search/searchers.ts";
import { searchOf } from "./searchOf.ts";

const SPACE = {
  lr: { type: "log", base: 10, minval: -4, maxval: 0 },
  layers: { type: "int", minval: 1, maxval: 8 },
  net: { act: { type: "categorical", vals: ["relu", "tanh"] }, dropout: 0.1 },
};
const random = (max_trials: number, space: Parameters<typeof searchOf>[1] = SPACE) =>
  searchOf({ name: "random", metric: "loss", max_trials, max_concurrent_trials: 2 }, space, 5);
const asha = (max_trials: number, more = {}) =>
  searchOf(
    {
      name: "adaptive_asha",
      metric: "loss",
      max_trials,
      max_time: 9,
      divisor: 3,
      max_concurrent_trials: 2,
      mode: "aggressive",
      ...more,
    },
    SPACE,
    5,
  );

/** What is recorded of a search: its events and the decisions on them. */
class Recorded {
  search: Search;
  state: SearcherState;
  readonly log: { event: SearcherEvent; actions: Decision["actions"] }[] = [];

  constructor(search: Search) {
    this.search = search;
    this.state = this.#searcher.begin(search);
    this.tell({ type: "started" });
  }
  get #searcher() {
    const found = findSearcher(this.search.configuration.name);
    if (found === undefined) throw new Error("no searcher");
    return found;
  }
  tell(event: SearcherEvent): Decision["actions"] {
    if (event.type === "changed") this.search = changeSearch(this.search, event);
    const { state, actions } = this.#searcher.decide(this.state, event, this.search);
    this.state = JSON.parse(JSON.stringify(state)) as SearcherState;
    this.log.push({ event, actions });
    return actions;
  }
  created(): number[] {
    return this.log.flatMap(({ actions }) =>
      actions.filter(({ type }) => type === "createTrial").map(({ number }) => number),
    );
  }
  /** Trains each trial that there is to its end, whose value is its number. */
  finish(): void {
    for (let at = 0; at < this.created().length; at++) {
      const number = this.created()[at] ?? 0;
      for (const time of [1, 3, 9]) {
        const actions = this.tell({ type: "validated", number, value: number, time });
        if (actions.some((action) => action.type === "stopTrial" && action.number === number)) break;
      }
      this.tell({ type: "trialEnded", number, how: "completed" });
    }
  }
}

test("a search that runs is given more trials, and makes them", () => {
  const recorded = new Recorded(random(3));
  expect(recorded.tell({ type: "changed", maxTrials: 5 })).toEqual([]);
  recorded.finish();
  expect(recorded.created()).toEqual([1, 2, 3, 4, 5]);
});

test("one that has ended goes on, as many at a time as before, and draws what a longer one would have drawn", () => {
  const recorded = new Recorded(random(3));
  recorded.finish();
  expect(recorded.tell({ type: "changed", maxTrials: 6 })).toHaveLength(2);
  recorded.finish();
  const longer = new Recorded(random(6));
  longer.finish();
  const drawn = ({ log }: Recorded) =>
    log.flatMap(({ actions }) => actions.filter(({ type }) => type === "createTrial"));
  expect(drawn(recorded)).toEqual(drawn(longer));
});

test("brackets keep their rungs, and what came to them stays there", () => {
  const recorded = new Recorded(asha(4));
  recorded.finish();
  const before = unwrap(recorded.state).brackets;
  expect(before.map(({ rungs }) => rungs.length)).toEqual([2]);
  expect(recorded.tell({ type: "changed", maxTrials: 30 })).toHaveLength(2);
  const after = unwrap(recorded.state).brackets;
  expect(after.map(({ rungs }) => rungs)).toEqual(before.map(({ rungs }) => rungs));
  recorded.finish();
  expect(recorded.created()).toHaveLength(30);
  expect(unwrap(recorded.state).brackets[0]?.rungs[0]?.entries).toHaveLength(30);
});

test("the space becomes narrower for the trials that follow", () => {
  const recorded = new Recorded(random(20));
  const narrower = { ...SPACE, layers: { type: "int", minval: 3, maxval: 4 }, lr: 0.01 };
  expect(whyNot(recorded.search, { hyperparameters: narrower })).toBeNull();
  recorded.tell({ type: "changed", hyperparameters: narrower });
  recorded.finish();
  const later = recorded.log
    .flatMap(({ actions }) => actions)
    .flatMap((action) =>
      action.type === "createTrial" && action.number > 2 ? [action.hyperparameters] : [],
    );
  expect(later).toHaveLength(18);
  for (const { layers, lr } of later) expect([[3, 4].includes(layers as number), lr]).toEqual([true, 0.01]);
});

test.each([
  [{ layers: { type: "int", minval: 0, maxval: 8 } }, "layers: `minval` 0 is below 1"],
  [{ lr: { type: "log", base: 10, minval: -4, maxval: 1 } }, "lr: `maxval` 1 is above 0"],
  [{ lr: { type: "double", minval: 0.1, maxval: 0.2 } }, "lr: it has another type, or base"],
  [{ lr: 2 }, "lr: 2 is outside of it"],
  [
    { net: { act: { type: "categorical", vals: ["relu", "gelu"] }, dropout: 0.1 } },
    'net.act: "gelu" is outside of it',
  ],
  [{ net: { act: "relu", dropout: 0.2 } }, "net.dropout: 0.2 is outside of it"],
  [{ net: { act: "relu" } }, "net.dropout: it cannot be left out"],
  [{ extra: 1 }, "extra: it is new"],
  [{ lr: { type: "log", minval: -4, maxval: 0 } }, "lr.base: a hyperparameter of type"],
])("a wider space is refused with the key and the reason: %j", (changed, reason) => {
  expect(whyNot(random(3), { hyperparameters: { ...SPACE, ...changed } })).toContain(reason);
});

test("what cannot be changed says so", () => {
  expect(whyNot(random(3), { maxTrials: 2 })).toContain("makes 3 trials already");
  expect(whyNot(random(3), {})).toContain("Nothing was said");
  expect(whyNot(searchOf({ name: "single" }, {}), { maxTrials: 2 })).toContain("one trial");
  const grid = searchOf({ name: "grid" }, { x: { type: "int", minval: 0, maxval: 3, count: 2 } });
  expect(whyNot(grid, { maxTrials: 9 })).toContain("as many trials as it has points");
});

test("a trial that is added by hand comes beside the others, and nobody follows it", () => {
  const recorded = new Recorded(random(3));
  const hyperparameters = { lr: 0.5, layers: 2, net: { act: "relu", dropout: 0.1 } };
  const [added] = recorded.tell({ type: "trialAdded", hyperparameters });
  expect(added).toMatchObject({ type: "createTrial", number: 3, hyperparameters });
  expect(recorded.tell({ type: "trialEnded", number: 3, how: "completed" })).toEqual([]);
  recorded.finish();
  expect(recorded.created()).toEqual([1, 2, 3, 4]);
});

test.each([[{}], [{ stop_once: false }]])("one that is added to a halving search is compared, %j", (more) => {
  const recorded = new Recorded(asha(9, more));
  recorded.tell({ type: "trialAdded", hyperparameters: { lr: 0.5 } });
  recorded.tell({ type: "validated", number: 3, value: 0, time: 1 });
  recorded.finish();
  const [bracket] = unwrap(recorded.state).brackets;
  expect(bracket?.added).toEqual([3]);
  expect(recorded.created()).toHaveLength(10);
  expect(bracket?.rungs[0]?.entries[0]).toMatchObject({ trial: 3, value: 0 });
});

test("one that is added and refuses its hyperparameters is not replaced", () => {
  const recorded = new Recorded(asha(4));
  recorded.tell({ type: "trialAdded", hyperparameters: {} });
  expect(recorded.tell({ type: "trialEnded", number: 3, how: "invalid" })).toEqual([]);
  recorded.finish();
  expect(recorded.created()).toHaveLength(5);
});

test("hyperparameters by hand: constants are filled in, what is missing or unknown is named", () => {
  const { space } = random(1);
  expect(space.complete({ lr: 7, layers: 2, net: { act: "relu" } })).toEqual({
    hyperparameters: { lr: 7, layers: 2, net: { act: "relu", dropout: 0.1 } },
  });
  expect(space.complete({ lr: "abc", layers: 2.5, net: { act: 3 } })).toEqual({
    problems: [
      { path: ["layers"], message: "2.5 is no whole number" },
      { path: ["lr"], message: '"abc" is no number' },
      { path: ["net", "act"], message: '3 is of another type than "relu", "tanh"' },
    ],
  });
  expect(space.complete({ lr: Infinity, layers: 2, net: { act: "relu" } })).toHaveProperty("problems");
  expect(space.complete({ lr: 7, net: { actt: 1 } })).toEqual({
    problems: [
      { path: ["layers"], message: "a value is missing" },
      { path: ["net", "actt"], message: "there is none of that name" },
      { path: ["net", "act"], message: "a value is missing" },
    ],
  });
});

test.each([random(9), asha(9), asha(9, { stop_once: false, mode: "standard" })])(
  "the recorded events give the same decisions and the same state again",
  (search) => {
    const recorded = new Recorded(search);
    recorded.tell({ type: "validated", number: 1, value: 0.5, time: 1 });
    recorded.tell({ type: "trialAdded", hyperparameters: { lr: 1 } });
    recorded.tell({ type: "changed", hyperparameters: { ...SPACE, layers: 2 } });
    recorded.finish();
    recorded.tell({ type: "changed", maxTrials: 20 });
    recorded.finish();
    const again = new Recorded(search);
    for (const { event } of recorded.log.slice(1)) again.tell(event);
    expect(again.log).toEqual(recorded.log);
    expect(again.state).toEqual(recorded.state);
  },
);
