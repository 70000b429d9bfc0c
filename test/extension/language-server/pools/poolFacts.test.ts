import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  CheckpointFacts,
  EditorState,
  PoolFacts,
} from "../../../../src/extension/language-server/contract.ts";
import { Rig, withCursor } from "../rig.ts";

const UUID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
const pool = (id: string, slots: number, more: Partial<PoolFacts> = {}): PoolFacts => ({
  ...{ id, name: id, isConnected: true, experiments: [], hasMore: false },
  slots: Array.from({ length: slots }, (_, index) => ({ name: `GPU ${index}`, kind: "cuda", state: "held" })),
  ...more,
});
const EXPERIMENTS: PoolFacts["experiments"] = [
  {
    ...{ id: 12, name: "digits", state: "completed", trialsMade: 3 },
    trials: [
      { id: "12.10", state: "completed", best: 0.25 },
      { id: "12.2", state: "failed", best: null },
    ],
  },
];
const STATE: Partial<EditorState> = {
  pools: [pool("local", 2, { experiments: EXPERIMENTS }), pool("gpu-box", 8)],
  chosenPool: "local",
};

let rig: Rig;
let checkpoints: CheckpointFacts[] | null;
beforeEach(async () => {
  checkpoints = [];
  rig = await new Rig({
    "trainyard/checkpoints": ({ prefix }) =>
      checkpoints?.filter(({ uuid }) => uuid.startsWith(prefix)) ?? null,
  }).start(STATE);
});
afterEach(() => rig.stop());

const messages = async (text: string): Promise<string[]> => {
  await rig.open("train.yaml", `hyperparameters: {}\n${text}`);
  return (await rig.diagnostics("train.yaml")).map(({ message }) => message);
};
const labels = async (marked: string): Promise<string[]> => {
  const { text, position } = withCursor(marked);
  await rig.open("train.yaml", text);
  return (await rig.completions("train.yaml", position)).map(({ label }) => label);
};

describe("slots", () => {
  it("are too many where the chosen pool has fewer; another one may have enough", async () => {
    expect(await messages("resources:\n  slots_per_trial: 4\n")).toEqual([
      "local has 2 slots: a trial with 4 would never start there. gpu-box has 8.",
    ]);
    await rig.tell({ ...STATE, chosenPool: "gpu-box" });
    expect(await rig.diagnostics("train.yaml", (found) => found.length === 0)).toEqual([]);
  });
  it("are not counted on a pool that is not connected", async () => {
    await rig.tell({ pools: [pool("local", 0, { isConnected: false })] });
    expect(await messages("resources: {slots_per_trial: 4}\n")).toEqual([]);
  });
  it("are too many where the experiment's own limit is lower", async () => {
    expect(await messages("resources: {slots_per_trial: 2, max_slots: 1}\n")).toEqual([
      "Fewer than `slots_per_trial` (2): no trial would ever start.",
    ]);
  });
});

describe("pools in data", () => {
  const TEXT = "data:\n  images:\n    path: images\n    pools:\n      gpubox: /scratch\n      local: /data\n";
  it("are said where there are none, and changed to the one that is meant", async () => {
    expect(await messages(TEXT)).toEqual(["There is no pool `gpubox`. Did you mean `gpu-box`?"]);
    const found = await rig.diagnostics("train.yaml");
    const line = 5; // behind the line of hyperparameters
    const range = { start: { line, character: 6 }, end: { line, character: 12 } };
    expect(found[0]?.range).toEqual(range);
    expect(await rig.actions("train.yaml", range, found)).toMatchObject([
      {
        title: "Change to gpu-box",
        edit: { changes: { [rig.uri("train.yaml")]: [{ range, newText: "gpu-box" }] } },
      },
    ]);
  });
  it("are completed", async () => {
    expect(
      await labels("data:\n  images:\n    path: images\n    pools:\n      local: /x\n      g|\n"),
    ).toEqual(["gpu-box"]);
  });
});

describe("the trial to start from", () => {
  const at = (id: string): string => `searcher:\n  source_trial_id: "${id}"\n`;
  it.each([
    ["12.3", []],
    ["12.4", ["Experiment 12 has 3 trials: there is no 12.4."]],
    ["13.1", ["local has no experiment 13, so there is no trial 13.1 to start from."]],
  ])("%s", async (id, expected) => {
    expect(await messages(at(id))).toEqual(expected);
  });
  it("may be of an experiment that was not told of", async () => {
    await rig.tell({ pools: [pool("local", 2, { experiments: EXPERIMENTS, hasMore: true })] });
    expect(await messages(at("13.1"))).toEqual([]);
  });
  it("is completed, in quotes", async () => {
    const { text, position } = withCursor("searcher:\n  source_trial_id: |\n");
    await rig.open("train.yaml", text);
    expect(await rig.completions("train.yaml", position)).toMatchObject([
      { label: "12.10", detail: "digits, completed, best 0.25", textEdit: { newText: '"12.10"' } },
      { label: "12.2", detail: "digits, failed", textEdit: { newText: '"12.2"' } },
    ]);
  });
});

describe("the checkpoint to start from", () => {
  const at = (uuid: string): string => `searcher:\n  source_checkpoint_uuid: "${uuid}"\n`;
  const FOUND = { uuid: UUID, trialId: "12.1", step: 300, createdAt: 0, metrics: { "validation/loss": 0.5 } };
  it("is said where the pool has none", async () => {
    expect(await messages(at(UUID))).toEqual([`local has no checkpoint ${UUID}.`]);
  });
  it("is nothing to say of where the pool has it, or cannot say", async () => {
    checkpoints = [FOUND];
    expect(await messages(at(UUID))).toEqual([]);
    checkpoints = null;
    await rig.historyChanged();
    expect(await rig.diagnostics("train.yaml")).toEqual([]);
  });
  it("is completed by how its uuid begins", async () => {
    checkpoints = [FOUND];
    expect(await labels('searcher:\n  source_checkpoint_uuid: "1b|\n')).toEqual([UUID]);
    await rig.close("train.yaml");
    expect(await labels('searcher:\n  source_checkpoint_uuid: "2b|\n')).toEqual([]);
  });
});

describe("paths of the workspace", () => {
  it("are said where they are not there, and left alone where they may be anything else", async () => {
    rig.write("data/train.csv", "");
    expect(
      await messages(
        [
          "data:",
          "  train: data/train.csv",
          "  test: data/test.csv",
          "  name: imagenet",
          "  url: https://example.org/data",
          "  out: ../elsewhere/x",
          "  abs: /no/such/thing",
          "  on_pools: {path: data/none, pools: {local: /x}}",
          "environment: {venv: ./no-venv, python: python3}",
          "",
        ].join("\n"),
      ),
    ).toEqual([
      "There is no data/test.csv in the workspace folder, so runs get no link to it.",
      "There is no virtual environment ./no-venv here.",
    ]);
  });
  it("are completed, never beyond the folder", async () => {
    rig.write("data/train.csv", "");
    rig.write("data/sets/a.csv", "");
    rig.write("data/.hidden", "");
    expect(await labels("data:\n  train: data/|\n")).toEqual(["data/sets/", "data/train.csv"]);
    await rig.close("train.yaml");
    expect(await labels("data:\n  train: ../|\n")).toEqual([]);
    await rig.close("train.yaml");
    expect(await labels("data:\n  train: /|\n")).toEqual([]);
  });
});

describe("what is told again", () => {
  it("does not draw lenses anew while only trials are others, but checks what names them", async () => {
    expect(await messages('searcher: {source_trial_id: "12.4"}\n')).toHaveLength(1);
    const before = rig.refreshes;
    const experiments = EXPERIMENTS.map((one) => ({ ...one, trialsMade: 4 }));
    await rig.tell({ ...STATE, pools: [pool("local", 2, { experiments }), pool("gpu-box", 8)] });
    expect(await rig.diagnostics("train.yaml", (found) => found.length === 0)).toEqual([]);
    expect(rig.refreshes).toBe(before);
    await rig.tell({ ...STATE, chosenPool: "gpu-box" });
    await rig.diagnostics("train.yaml");
    await rig.lenses("train.yaml");
    expect(rig.refreshes).toBeGreaterThan(before);
  });
});
