import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Forecast, ForecastRequest } from "../../../../src/extension/language-server/contract.ts";
import { Rig } from "../rig.ts";

const ASHA = `searcher:
  name: adaptive_asha
  metric: val_loss
  max_trials: 16
  max_time: 64
  time_metric: epochs
hyperparameters:
  lr: {type: log, base: 10, minval: -5, maxval: -1}
resources:
  slots_per_trial: 2
`;
const FORECAST: Forecast = {
  poolName: "gpu-box",
  pace: { fastMsPerUnit: 60_000, slowMsPerUnit: 90_000, trials: 5 },
  usableSlots: 4,
  startsIn: { fromMs: 0, toMs: 0 },
  reason: "",
};

let rig: Rig;
let asked: ForecastRequest[];
let forecast: Forecast | null;
beforeEach(async () => {
  asked = [];
  forecast = null;
  rig = await new Rig({
    "trainyard/forecast": (request) => {
      asked.push(request);
      return forecast;
    },
  }).start();
});
afterEach(() => rig.stop());

const titles = async (name = "train.yaml"): Promise<string[]> =>
  (await rig.lenses(name)).map(({ command }) => command?.title ?? "");

describe("the lens on a searcher", () => {
  it("says trials and work where the pool says nothing, and opens the preview", async () => {
    await rig.open("train.yaml", ASHA);
    expect(await rig.lenses("train.yaml")).toMatchObject([
      {
        range: { start: { line: 0, character: 0 } },
        command: {
          title: expect.stringMatching(/^16 trials · [\d.]+× less than training all to the end$/) as string,
          command: "trainyard.previewSearch",
          arguments: [rig.file("train.yaml")],
        },
      },
    ]);
    expect(asked).toEqual([
      {
        ...{ script: null, configuration: rig.file("train.yaml"), timeMetric: "epochs" },
        ...{ slotsPerTrial: 2, priority: null },
      },
    ]);
  });

  it("says how long it would take at the pace of earlier trials", async () => {
    forecast = FORECAST;
    await rig.open("train.yaml", ASHA);
    expect((await titles())[0]).toMatch(/ · \d+ to \d+ (min|h) on gpu-box, until .*\d at the latest$/);
  });

  it("says why it would not start, and from when on", async () => {
    forecast = { ...FORECAST, startsIn: null, reason: "gpu-box has 1 slot." };
    await rig.open("train.yaml", ASHA);
    expect((await titles())[0]).toMatch(/ · would not start now on gpu-box · gpu-box has 1 slot$/);
    forecast = { ...FORECAST, startsIn: { fromMs: 300_000, toMs: 600_000 } };
    await rig.historyChanged();
    expect((await titles())[0]).toMatch(/ · starts in 5 to 10 min · /);
  });

  it("follows what is typed, and asks the pool only where the question is another one", async () => {
    await rig.open("train.yaml", ASHA);
    await titles();
    await rig.change("train.yaml", { text: ASHA.replace("max_trials: 16", "max_trials: 160") });
    expect((await titles())[0]).toMatch(/^160 trials/);
    expect(asked).toHaveLength(1);
    await rig.change("train.yaml", { text: ASHA.replace("slots_per_trial: 2", "slots_per_trial: 3") });
    await titles();
    expect(asked.map(({ slotsPerTrial }) => slotsPerTrial)).toEqual([2, 3]);
  });

  it("keeps the last cost, and says so, while there is a mistake in the search; one elsewhere does not matter", async () => {
    await rig.open("train.yaml", ASHA);
    await titles();
    await rig.change("train.yaml", { text: ASHA.replace("max_trials: 16", "max_trials: 0") });
    expect((await titles())[0]).toMatch(/^before the last mistake: 16 trials/);
    await rig.change("train.yaml", { text: `nmae: x\n${ASHA}` });
    expect((await titles())[0]).toMatch(/^16 trials/);
    await rig.change("train.yaml", { text: ASHA.slice(ASHA.indexOf("hyperparameters")) });
    expect(await titles()).toEqual([]);
  });

  it.each([
    ["a single trial", "searcher: {name: single}\n"],
    ["what says no length of its trials", "searcher: {name: adaptive_asha, metric: a, max_trials: 4}\n"],
    [
      "a grid without counts",
      "searcher: {name: grid}\nhyperparameters: {lr: {type: int, minval: 1, maxval: 9}}\n",
    ],
    [
      "a billion rungs",
      "searcher: {name: async_halving, metric: a, max_trials: 4, max_time: 9, num_rungs: 1000000000}\n",
    ],
    [
      "a grid of more trials than a submit takes",
      `searcher: {name: grid}\nhyperparameters: {${["a", "b", "c"]
        .map((name) => `${name}: {type: double, minval: 0, maxval: 1, count: 1000000}`)
        .join(", ")}}\n`,
    ],
  ])("has nothing to say of %s", async (_what, text) => {
    await rig.open("train.yaml", text);
    expect(await titles()).toEqual([]);
  });

  it("knows the largest search that a submit takes", async () => {
    await rig.open("train.yaml", ASHA.replace("max_trials: 16", "max_trials: 100000"));
    expect((await titles())[0]).toMatch(/^100,000 trials/);
  });

  it("is not there when lenses are off", async () => {
    await rig.tell({ settings: { lenses: false, hints: true } });
    await rig.open("train.yaml", ASHA);
    expect(await titles()).toEqual([]);
  });
});
