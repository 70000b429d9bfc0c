/** The golden run directories that the Python writer made (test/python/test_golden.py), read with the schemas. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import {
  Control,
  EVENT_FILE_NAME,
  ExitFile,
  Manifest,
  RunEvent,
  RunSpec,
  SupervisorFile,
} from "../../../src/cluster/protocol/runDirectory.ts";

const golden = path.join(import.meta.dirname, "../../golden/run-directory");
const text = (name: string) => fs.readFileSync(path.join(golden, name), "utf8");
const json = <T extends z.ZodType>(schema: T, name: string): z.infer<T> =>
  schema.parse(JSON.parse(text(name)) as unknown);
const events = (name: string): RunEvent[] =>
  text(name)
    .trimEnd()
    .split("\n")
    .map((line) => RunEvent.parse(JSON.parse(line) as unknown));

describe("golden run directories", () => {
  it.each(["12.1.1", "12.2.1", "12.3.1"])("%s: every file is one of the contract", (run) => {
    const spec = json(RunSpec, `runs/${run}/spec.json`);
    expect(spec.run).toBe(run);
    const supervisor = json(SupervisorFile, `runs/${run}/supervisor.json`);
    expect(supervisor.script).not.toBeNull();
    const exit = json(ExitFile, `runs/${run}/exit.json`);
    expect(exit.launchError).toBeNull();
    for (const name of fs.readdirSync(path.join(golden, "runs", run, "events"))) {
      expect(name).toMatch(EVENT_FILE_NAME);
      events(`runs/${run}/events/${name}`).forEach((event, index) => {
        expect(event.seq).toBe(index + 1);
      });
    }
  });

  it("a training that was paused", () => {
    const read = events("runs/12.1.1/events/0-harness-4711-123456.jsonl");
    const at3 = read.find((event) => event.type === "metrics" && event.step === 3);
    expect(at3).toMatchObject({
      group: "training",
      values: { loss: Number.NaN, high: Infinity, low: -Infinity, "größe/a": 1 },
    });
    expect(read.at(-1)).toMatchObject({ type: "ack", control: 3, action: "pause" });
    expect(read.map((event) => event.type)).toContain("warning");
    const control = json(Control, "runs/12.1.1/control.json");
    const exit = json(ExitFile, "runs/12.1.1/exit.json");
    expect(exit).toMatchObject({ code: 3, asked: "pause", escalated: null });
    expect(exit.acknowledged).toEqual({ control: control.control, action: control.action });
  });

  it("its checkpoint", () => {
    const [name] = fs.readdirSync(path.join(golden, "checkpoints"));
    const manifest = json(Manifest, `checkpoints/${name}/manifest.json`);
    expect(manifest.uuid).toBe(name);
    expect(manifest.metrics["validation/val_loss"]).toBe(0.25);
    for (const file of manifest.files) {
      expect(fs.statSync(path.join(golden, "checkpoints", manifest.uuid, "files", file.path)).size).toBe(
        file.bytes,
      );
    }
  });

  it("refused hyperparameters, and metrics out of the output", () => {
    expect(events("runs/12.2.1/events/0-harness-4711-123456.jsonl").at(-1)).toMatchObject({
      type: "invalid_hp",
      message: "lr must be above 0",
    });
    const output = events("runs/12.3.1/events/0-output-stdout.jsonl");
    expect(output.map((event) => (event.type === "metrics" ? [event.group, event.step] : []))).toEqual([
      ["training", 1],
      ["validation", 1],
      ["training", 2],
    ]);
  });
});
