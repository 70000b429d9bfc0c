/** What runs knew, beside the code: the whole server, with made-up runs. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScriptHistory } from "../../../../../src/extension/language-server/contract.ts";
import { historyOf, metricFacts, trialFacts } from "../../histories.ts";
import { Rig } from "../../rig.ts";

const SCRIPT = `import trainyard

run = trainyard.init()
lr = run.param("lr", 0.003)
layers = run.param("layers", 2)


def main():
    for step in range(10):
        run.report(step, loss=train(lr))
        run.validate(step, val_loss=1.0)


main()
`;
const best = trialFacts({ trialId: "12.17", parameters: { lr: 0.00012, layers: 2 } });
const failed = trialFacts({
  trialId: "13.1",
  state: "failed",
  metric: null,
  parameters: { lr: 0.01, layers: 2 },
});
const searched = historyOf({
  last: failed,
  best,
  trials: [failed, best],
  metrics: { "validation/val_loss": metricFacts({ trial: best }) },
});

let rig: Rig;
let history: ScriptHistory | null;
/** The text that ran, of each file. */
let ran: Record<string, string>;
beforeEach(async () => {
  [history, ran] = [null, { "train.py": SCRIPT }];
  rig = await new Rig({
    "trainyard/history": ({ script }) => (script === rig.file("train.py") ? history : null),
    "trainyard/snapshotText": ({ path }) => ran[path] ?? null,
  }).start();
});
afterEach(() => rig.stop());

const labels = async (name = "train.py"): Promise<string[]> =>
  (await rig.hints(name)).map(({ label, position }) => `${position.line}: ${String(label)}`);
const titles = async (name = "train.py"): Promise<string[]> =>
  (await rig.lenses(name)).map(({ command }) => command?.title ?? "");
const lineOf = (text: string): number => SCRIPT.slice(0, SCRIPT.indexOf(text)).split("\n").length - 1;

describe("lenses", () => {
  it("without a run have the submit alone; with runs the last and the best, which open their panels", async () => {
    await rig.open("train.py", SCRIPT);
    expect(await titles()).toEqual(["$(rocket) Submit as Experiment"]);
    history = searched;
    await rig.historyChanged();
    const lenses = await rig.lenses("train.py");
    expect(lenses.map(({ command }) => command?.title)).toEqual([
      "$(rocket) Submit as Experiment",
      "$(error) last: failed",
      "best val_loss 0.25 (trial 12.17)",
    ]);
    expect(lenses[2]?.command).toMatchObject({
      command: "trainyard.openPanel",
      arguments: [{ poolId: "local", experimentId: 12, trialId: "12.17" }],
    });
  });

  it("say what runs in place of what ran last", async () => {
    history = {
      ...searched,
      running: 3,
      waiting: 1,
      trials: [trialFacts({ trialId: "14.1", state: "running" })],
    };
    await rig.open("train.py", SCRIPT);
    expect(await titles()).toEqual([
      "$(rocket) Submit as Experiment",
      "$(play-circle) 3 running, 1 waiting",
      "best val_loss 0.25 (trial 12.17)",
    ]);
  });

  it("say why the last run failed, and say once what is last and best", async () => {
    const failure = { trial: failed, message: "ValueError: $(bad)", frames: [], files: [] };
    history = { ...searched, failures: [failure] };
    await rig.open("train.py", SCRIPT);
    expect((await titles())[1]).toBe("$(error) last: failed: ValueError: \\$(bad)");
    history = { ...searched, last: best };
    await rig.historyChanged();
    expect((await titles()).slice(1)).toEqual(["best val_loss 0.25 (trial 12.17, the last)"]);
  });

  it("stand above a script that imports nothing of ours, once it ran", async () => {
    await rig.open("train.py", "print(1)\n");
    expect(await titles()).toEqual([]);
    history = searched;
    await rig.historyChanged();
    expect(await titles()).toHaveLength(3);
  });

  it("are none where they are turned off", async () => {
    history = searched;
    await rig.tell({ settings: { lenses: false, hints: true } });
    await rig.open("train.py", SCRIPT);
    expect(await titles()).toEqual([]);
  });
});

describe("hints", () => {
  it("are the best of a parameter, where it is another or was, and the latest of a metric", async () => {
    history = searched;
    await rig.open("train.py", SCRIPT);
    expect(await labels()).toEqual([
      `${lineOf('param("lr"')}: best 0.00012`,
      `${lineOf("run.validate")}: 0.25 █▃▁▁▁▁`,
    ]);
  });

  it("say that a line was another in that run, whatever was put in above it", async () => {
    history = searched;
    ran = {
      "train.py": SCRIPT.replace("0.003", "0.1").replace(
        "import trainyard\n",
        "import os\nimport trainyard\n",
      ),
    };
    await rig.open("train.py", SCRIPT);
    expect(await labels()).toEqual([
      `${lineOf('param("lr"')}: best 0.00012 (line changed)`,
      `${lineOf("run.validate")}: 0.25 █▃▁▁▁▁`,
    ]);
    const at = { line: lineOf("run.validate"), character: 0 };
    await rig.change("train.py", { range: { start: at, end: at }, text: "  " });
    expect((await labels())[1]).toContain("0.25 █▃▁▁▁▁ (line changed)");
  });

  it("stand beside a literal that a parameter stands for, in any capitals", async () => {
    history = searched;
    await rig.open("train.py", "import torch\nLR = 3e-4\nother = 3\n");
    expect(await labels()).toEqual(["1: best 0.00012 (line changed)"]);
  });

  it("are none without a run, without a metric to be best by, and where they are turned off", async () => {
    await rig.open("train.py", SCRIPT);
    expect(await labels()).toEqual([]);
    history = historyOf({ trials: [failed] });
    await rig.historyChanged();
    expect(await labels()).toEqual([]);
    history = searched;
    await rig.tell({ settings: { lenses: true, hints: false } });
    expect(await labels()).toEqual([]);
  });

  it("survive values that are no numbers", async () => {
    history = {
      ...searched,
      metrics: {
        "validation/val_loss": metricFacts({
          value: "NaN",
          curve: [
            [1, "Infinity"],
            [2, "NaN"],
          ],
        }),
      },
    };
    await rig.open("train.py", SCRIPT);
    expect((await labels())[1]).toContain(": NaN");
  });
});

describe("hovers", () => {
  const hoverAt = async (text: string): Promise<string> => {
    const line = lineOf(text);
    const character = (SCRIPT.split("\n")[line] ?? "").indexOf(text) + 1;
    const found = await rig.hover("train.py", { line, character });
    return found && typeof found.contents === "object" && "value" in found.contents
      ? found.contents.value
      : "";
  };

  it("on a parameter have the last runs, with links to their panels, the best in bold", async () => {
    history = searched;
    await rig.open("train.py", SCRIPT);
    const text = await hoverAt('lr", 0.003');
    expect(text).toContain("| Trial | lr | val\\_loss | State |");
    const argument = encodeURIComponent('[{"poolId":"local","experimentId":12,"trialId":"12.17"}]');
    expect(text).toContain(
      `| [12\\.17](command:trainyard.openPanel?${argument}) | **0\\.00012** | **0\\.25** | **completed** |`,
    );
    expect(text).toContain("| 0\\.01 |  | failed |");
    expect(text).not.toContain("![](");
  });

  it("on a parameter that was searched over draw the metric over it", async () => {
    const trials = [0.1, 0.01, 0.001].map((lr, index) =>
      trialFacts({ trialId: `12.${index + 1}`, parameters: { lr } }),
    );
    history = { ...searched, trials };
    await rig.open("train.py", SCRIPT);
    expect(await hoverAt('lr", 0.003')).toContain("![](data:image/svg+xml;base64,");
  });

  it("on a metric have its curve and its latest value", async () => {
    history = searched;
    await rig.open("train.py", SCRIPT);
    const text = await hoverAt("val_loss=");
    expect(text).toContain("**val\\_loss** 0\\.25 at step 50 of trial [12\\.17](command:");
    const [, data = ""] = /!\[\]\(data:image\/svg\+xml;base64,([\w+/=]+)\)/.exec(text) ?? [];
    expect(Buffer.from(data, "base64").toString()).toMatch(/^<svg [^>]*>.*<path .*<\/svg>$/);
  });

  it("are in the theme's colours", async () => {
    history = searched;
    await rig.open("train.py", SCRIPT);
    const dark = await hoverAt("val_loss=");
    await rig.tell({ theme: "light" });
    expect(await hoverAt("val_loss=")).not.toBe(dark);
  });

  it("leave all else to others", async () => {
    history = searched;
    await rig.open("train.py", SCRIPT);
    expect([await hoverAt("import"), await hoverAt("range("), await hoverAt("run.validate")]).toEqual([
      "",
      "",
      "",
    ]);
  });
});

describe("tracebacks", () => {
  const MODEL = "def build():\n    raise ValueError('no')\n";
  const failing = (): ScriptHistory =>
    historyOf({
      last: failed,
      trials: [failed],
      failures: [
        {
          trial: failed,
          message: "ValueError: no",
          frames: [
            { file: "train.py", line: lineOf("\nmain()") + 3, function: null },
            { file: "train.py", line: lineOf("run.report") + 1, function: "main" },
            { file: "model.py", line: 2, function: "build" },
          ],
          files: [rig.file("train.py"), rig.file("train.py"), rig.file("model.py")],
        },
      ],
    });
  beforeEach(async () => {
    ran = { "train.py": SCRIPT, "model.py": MODEL };
    rig.write("model.py", MODEL);
    history = failing();
    await rig.tell({ submitted: [{ script: rig.file("train.py"), configuration: null }] });
  });

  it("are on every line that they went through, in every file, each with the others", async () => {
    await rig.open("model.py", MODEL);
    await rig.open("train.py", SCRIPT);
    const [inner] = await rig.diagnostics("model.py", (all) => all.length > 0);
    expect(inner).toMatchObject({
      range: { start: { line: 1, character: 4 }, end: { line: 1, character: 26 } },
      severity: 1,
      message: "ValueError: no\nTrial 13.1 failed here.",
      relatedInformation: [
        { message: `train.py, line ${lineOf("\nmain()") + 3}` },
        { message: `train.py, line ${lineOf("run.report") + 1}, in main` },
      ],
    });
    const outer = await rig.diagnostics("train.py", (all) => all.length === 2);
    expect(outer.map(({ severity, message }) => [severity, message])).toEqual([
      [3, "Trial 13.1 failed further in (model.py, line 2): ValueError: no"],
      [3, "Trial 13.1 failed further in (model.py, line 2): ValueError: no"],
    ]);
    const actions = await rig.actions("model.py", inner?.range ?? outer[0]!.range, inner ? [inner] : []);
    expect(actions).toMatchObject([
      { title: "Open trial 13.1", command: { command: "trainyard.openPanel" } },
    ]);
  });

  it("move with their lines, and are gone everywhere once the innermost is edited", async () => {
    await rig.open("model.py", MODEL);
    await rig.open("train.py", SCRIPT);
    await rig.diagnostics("train.py", (all) => all.length === 2);
    const top = { line: 0, character: 0 };
    await rig.change("model.py", { range: { start: top, end: top }, text: "# first\n" });
    expect((await rig.diagnostics("model.py", (all) => all.length > 0))[0]?.range.start.line).toBe(2);
    const at = { line: 2, character: 4 };
    await rig.change("model.py", { range: { start: at, end: at }, text: "return 1 #" });
    expect(await rig.diagnostics("model.py", (all) => all.length === 0)).toEqual([]);
    expect(await rig.diagnostics("train.py", (all) => all.length === 0)).toEqual([]);
  });

  it("lose a frame whose own line is edited, and nothing else", async () => {
    await rig.open("train.py", SCRIPT);
    await rig.diagnostics("train.py", (all) => all.length === 2);
    const at = { line: lineOf("run.report"), character: 0 };
    await rig.change("train.py", { range: { start: at, end: at }, text: "  " });
    expect(await rig.diagnostics("train.py", (all) => all.length === 1)).toHaveLength(1);
  });

  it("are gone when a newer run went well", async () => {
    await rig.open("train.py", SCRIPT);
    await rig.diagnostics("train.py", (all) => all.length === 2);
    history = searched;
    await rig.historyChanged();
    expect(await rig.diagnostics("train.py", (all) => all.length === 0)).toEqual([]);
  });

  it("are not guessed where the text that ran cannot be had", async () => {
    ran = {};
    await rig.open("train.py", SCRIPT);
    expect(await rig.diagnostics("train.py")).toEqual([]);
  });
});

it("the first value that was no number is on the line that reports it, until that is edited", async () => {
  history = { ...searched, nan: { trial: best, metric: "training/loss", step: 1200 } };
  await rig.open("train.py", SCRIPT);
  const line = lineOf("run.report");
  expect(await rig.diagnostics("train.py", (all) => all.length > 0)).toMatchObject([
    {
      range: { start: { line } },
      severity: 2,
      message: "training/loss was not a number from step 1200 on in trial 12.17.",
    },
  ]);
  const at = { line, character: 0 };
  await rig.change("train.py", { range: { start: at, end: at }, text: "  " });
  expect(await rig.diagnostics("train.py", (all) => all.length === 0)).toEqual([]);
});

describe("random numbers that nothing seeds", () => {
  const DRAWS = "import numpy as np\nimport trainyard\nrun = trainyard.init()\nx = np.random.normal()\n";
  const SEARCH = "searcher:\n  name: random\n  metric: loss\n  max_trials: 4\n";
  const ours = (all: { message: string }[]): string[] =>
    all.map(({ message }) => message).filter((message) => message.includes("seed"));

  it("are told of in a script of a search", async () => {
    rig.write("train.yaml", SEARCH);
    await rig.open("train.py", DRAWS);
    const found = await rig.diagnostics("train.py", (all) => ours(all).length > 0);
    expect(ours(found)[0]).toContain("`numpy.random.seed(run.seed)`");
    expect(found.find(({ message }) => message.includes("seed"))?.severity).toBe(3);
  });

  it("are nobody's matter in a single run, and where they are seeded", async () => {
    await rig.open("train.py", DRAWS);
    expect(ours(await rig.diagnostics("train.py"))).toEqual([]);
    rig.write("train.yaml", SEARCH);
    await rig.open("seeded.py", DRAWS.replace("x =", "np.random.seed(run.seed)\nx ="));
    expect(ours(await rig.diagnostics("seeded.py"))).toEqual([]);
  });
});
