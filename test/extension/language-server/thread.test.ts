import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Rig, withCursor } from "./rig.ts";

let rig: Rig;
beforeEach(async () => (rig = await new Rig().start()));
afterEach(() => rig.stop());

describe("an experiment file", () => {
  it("has its mistakes marked at their places, and no more once they are mended", async () => {
    await rig.open("train.yaml", "searcher:\n  max_trial: 4\n");
    const [found] = await rig.diagnostics("train.yaml");
    expect(found).toMatchObject({
      message: "Unknown key `searcher.max_trial`. Did you mean `max_trials`?",
      source: "trainyard",
      range: { start: { line: 1, character: 2 }, end: { line: 1, character: 11 } },
    });
    await rig.change("train.yaml", {
      range: { start: { line: 1, character: 11 }, end: { line: 1, character: 11 } },
      text: "s",
    });
    expect(
      await rig.diagnostics("train.yaml", (all) => all.every(({ severity }) => severity !== 1)),
    ).toHaveLength(
      1, // max_trials has no effect on a single trial
    );
  });

  it("completes keys with their documentation, without those that are there", async () => {
    const { text, position } = withCursor("searcher:\n  name: random\n  m|\n");
    await rig.open("train.yaml", text);
    const found = await rig.completions("train.yaml", position);
    expect(found.map(({ label }) => label)).toContain("max_trials");
    expect(found.map(({ label }) => label)).not.toContain("name");
    expect(found.find(({ label }) => label === "metric")?.documentation).toMatchObject({
      value: expect.stringContaining("best") as string,
    });
  });

  it("is told from other YAML by its keys", async () => {
    await rig.open("docker-compose.yaml", "services:\n  a: {image: b}\n");
    expect(await rig.diagnostics("docker-compose.yaml")).toEqual([]);
  });
});

describe("a training script", () => {
  it("has a lens above the place where it begins", async () => {
    await rig.open("train.py", 'import torch\n\nif __name__ == "__main__":\n    main()\n');
    expect(await rig.lenses("train.py")).toMatchObject([
      {
        range: { start: { line: 2 } },
        command: { command: "trainyard.submit", arguments: [rig.file("train.py")] },
      },
    ]);
  });

  it("is told from other Python by what it imports", async () => {
    await rig.open("setup.py", "from setuptools import setup\nsetup()\n");
    expect(await rig.lenses("setup.py")).toEqual([]);
  });
});
