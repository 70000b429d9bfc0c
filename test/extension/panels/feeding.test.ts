import { expect, test } from "vitest";
import type { SeriesState } from "../../../src/cluster/protocol/events.ts";
import { answerRequest, bufferOf } from "../../../src/extension/panels/answers.ts";
import { EntityDiff } from "../../../src/extension/panels/entityDiff.ts";
import { SeriesBook } from "../../../src/extension/panels/seriesBook.ts";
import { shownTrials } from "../../../src/extension/panels/shownTrials.ts";
import { checkpoint, experiment, LOSS, mirror, trial } from "../fixtures.ts";

test("a page gets everything once, then what changed, then nothing", () => {
  const first = checkpoint({ step: 1 });
  const pool = mirror({ experiments: [experiment()], trials: [trial()], checkpoints: [first] });
  const [entity] = pool.experiments.values();
  if (!entity) throw new Error("no experiment");
  const diff = new EntityDiff();
  expect(diff.restart(pool, entity)).toMatchObject({ trials: [{ id: "1.1" }], checkpoints: [{ step: 1 }] });
  expect(diff.next(pool, entity)).toEqual({});
  pool.apply({
    after: 1,
    events: [
      { seq: 2, at: 0, change: { type: "trial", trial: trial({ latestStep: 7 }) } },
      { seq: 3, at: 0, change: { type: "checkpoint", checkpoint: checkpoint({ step: 2 }) } },
      { seq: 4, at: 0, change: { type: "checkpointDeleted", uuid: first.uuid } },
    ],
  });
  const change = diff.next(pool, entity);
  expect(Object.keys(change).sort()).toEqual(["checkpoints", "deletedCheckpoints", "trials"]);
  expect(change.checkpoints?.map(({ step }) => step)).toEqual([2]);
  expect(change.deletedCheckpoints).toEqual([first.uuid]);
  expect(diff.next(pool, entity)).toEqual({});
});

const series = (count: number, revision = 0): SeriesState => ({
  trialId: "1.1",
  group: "training",
  name: "loss",
  rank: 0,
  count,
  revision,
  lastStep: count,
  lastValue: 0,
  lastAt: 0,
});

test("an answer that was overtaken by a notification changes nothing", () => {
  const book = new SeriesBook();
  book.live([series(10)]);
  book.listed([series(8)]);
  expect(book.of(["1.1"])).toEqual([series(10)]);
  book.listed([series(3, 1)]);
  expect(book.of(["1.1"])).toEqual([series(3, 1)]);
  expect(book.of(["1.2"])).toEqual([]);
});

test("of a large search the living and the best are shown, or the one that is selected", () => {
  const trials = Array.from({ length: 1500 }, (_unused, index) =>
    trial({
      number: index + 1,
      state: index === 1499 ? "running" : "completed",
      best: { value: index, step: 1 },
    }),
  );
  const shown = shownTrials({ metric: LOSS }, trials, null);
  expect(shown).toHaveLength(1000);
  expect(shown).toEqual(expect.arrayContaining(["1.1500", "1.1", "1.999"]));
  expect(shownTrials({ metric: LOSS }, trials, "1.1200")).toEqual(["1.1200"]);
});

test("a page is answered for its own experiment alone, and its mistakes are said", async () => {
  const calls: string[] = [];
  const pool = {
    call: (method: string) => {
      calls.push(method);
      return Promise.resolve({ bytes: Buffer.from("hello"), offset: 0, size: 5, ended: true });
    },
  } as unknown as Parameters<typeof answerRequest>[0];
  const request = { stream: "stdout", offset: 0, limit: 10 };
  await expect(answerRequest(pool, 1, "readOutput", { ...request, runId: "2.1.1" })).rejects.toThrow(
    /not of experiment 1/,
  );
  await expect(answerRequest(pool, 1, "readOutput", { runId: 3 })).rejects.toThrow(/wrong/);
  await expect(answerRequest(pool, 1, "toString", {})).rejects.toThrow(/unknown/);
  expect(calls).toEqual([]);
  const answer = (await answerRequest(pool, 1, "readOutput", { ...request, runId: "1.1.1" })) as {
    bytes: unknown;
  };
  expect(answer.bytes).toBeInstanceOf(ArrayBuffer);
  expect(Buffer.from(answer.bytes as ArrayBuffer).toString()).toBe("hello");
});

test("bytes that share memory with others are copied out", () => {
  const whole = Buffer.from("abcdef");
  expect(Buffer.from(bufferOf(whole.subarray(2, 4))).toString()).toBe("cd");
});
