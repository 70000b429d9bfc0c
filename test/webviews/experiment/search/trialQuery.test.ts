import { expect, test } from "vitest";
import { parseTrialQuery } from "../../../../src/webviews/experiment/search/trialQuery.ts";
import { trialRows } from "../../../../src/webviews/experiment/search/trialRows.ts";
import { trial } from "../../support/fixtures.ts";

const rows = trialRows([
  trial({
    number: 1,
    state: "completed",
    best: { value: 0.1, step: 9 },
    hyperparameters: { lr: 0.001, model: { width: 64 }, opt: "adam" },
    starred: true,
  }),
  trial({
    number: 2,
    state: "stopped",
    best: { value: 0.3, step: 9 },
    hyperparameters: { lr: 0.05, model: { width: 128 }, opt: "sgd" },
    name: "wide one",
    labels: ["keep"],
  }),
  trial({
    number: 3,
    state: "failed",
    best: null,
    latestStep: null,
    hyperparameters: { lr: 0.1, model: { width: 64 } },
    nan: { metric: "loss", step: 3 },
  }),
]);
const names = { metric: "loss", parameters: ["lr", "model.width", "opt"] };
const found = (text: string): number[] | string => {
  const query = parseTrialQuery(text, names);
  return query.matches === null
    ? query.error
    : rows.filter((row) => query.matches(row)).map((row) => row.trial.number);
};

test.each<[string, number[]]>([
  ["", [1, 2, 3]],
  ["   ", [1, 2, 3]],
  ["lr<0.01", [1]],
  ["lr>=0.05", [2, 3]],
  ["lr<1e-2 state:completed loss<0.2 starred", [1]],
  ["best>0.2", [2]],
  ["state:fail", [3]],
  ["-state:completed", [2, 3]],
  ["width=64", [1, 3]],
  ["model.width!=64", [2]],
  ["opt=SGD", [2]],
  ["opt:a", [1]],
  ['name:"wide one"', [2]],
  ["label:keep", [2]],
  ["-starred", [2, 3]],
  ["nan", [3]],
  ["number=2", [2]],
  ["step>1", [1, 2]],
  ["sgd", [2]],
  ['"adam"', [1]],
  ["-adam -sgd", [3]],
  // A word that is still being typed hides nothing.
  ["-", [1, 2, 3]],
])("%s", (text, expected) => {
  expect(found(text)).toEqual(expected);
});

test.each([
  ["lr<", "After lr< stands no value."],
  ["lr<fast", 'lr< needs a number, and "fast" is none.'],
  ["momentum>0", 'There is no "momentum": number, state, step, loss, lr, model.width, opt are.'],
  ["<3", 'Before "<3" stands no name.'],
  ['"adam', 'A quotation mark is open: "…" takes two.'],
])("says what is wrong with %s", (text, expected) => {
  expect(found(text)).toBe(expected);
});

test("text that nobody would type neither hangs nor throws", () => {
  for (const text of ["-".repeat(5000), "a:".repeat(2000), '<>=!:""', "\\u0000 (((", "::", "=="]) {
    expect(() => found(text)).not.toThrow();
  }
});
