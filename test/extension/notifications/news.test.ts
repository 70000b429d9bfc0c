import { expect, test } from "vitest";
import { NewsWatch, newsText, summaryText } from "../../../src/extension/notifications/news.ts";
import { experiment, LOSS, mirror, NOW_MS, trial } from "../fixtures.ts";

const finished = (id: number, value: number | null) =>
  experiment({
    id,
    state: "completed",
    endedAt: NOW_MS,
    metric: LOSS,
    best: value === null ? null : { trialId: `${id}.1`, value, step: 10 },
  });

test("each end is told once; what a person ended is no news", () => {
  const watch = new NewsWatch();
  expect(watch.start(mirror({ experiments: [1, 2, 3].map((id) => experiment({ id })) }), null)).toEqual([]);
  const after = mirror({
    experiments: [
      finished(1, 0.2),
      experiment({ id: 2, state: "failed" }),
      experiment({ id: 3, state: "killed" }),
    ],
  });
  expect(watch.changed(after, [1, 2, 3]).map(({ kind }) => kind)).toEqual(["finished", "failed"]);
  expect(watch.changed(after, [1, 2, 3])).toEqual([]);
});

test("what was brought in from elsewhere is no news, whatever becomes of it", () => {
  const watch = new NewsWatch();
  watch.start(mirror({ experiments: [] }), null);
  const imported = { from: "MLflow", source: "mlflow.db" };
  const running = mirror({ experiments: [experiment({ imported })] });
  expect(watch.changed(running, [1])).toEqual([]);
  const nan = { metric: "training/loss", step: 7 };
  const ended = mirror({ experiments: [{ ...finished(1, 0.2), imported }], trials: [trial({ nan })] });
  expect(watch.changed(ended, [1])).toEqual([]);
});

test("what is only now known of, or heard of again after long, is no news", () => {
  const watch = new NewsWatch();
  watch.start(mirror({ experiments: [experiment({ id: 9 })] }), null);
  const more = mirror({
    experiments: [finished(2, 0.2), finished(3, 0.3), experiment({ id: 4 }), finished(10, 0.1)],
  });
  watch.learned(more, [2]);
  expect(watch.changed(more, [2, 3, 4, 10]).map((item) => item.experiment.id)).toEqual([10]);
  const after = mirror({ experiments: [finished(4, 0.4)] });
  expect(watch.changed(after, [4]).map((item) => item.experiment.id)).toEqual([4]);
});

test("at the start only what ended since somebody last looked is news", () => {
  const source = mirror({ experiments: [finished(1, 0.2)] });
  const since = (atMs: number): string[] =>
    new NewsWatch().start(source, { atMs, nan: [] }).map(({ kind }) => kind);
  expect(since(NOW_MS - 1)).toEqual(["finished"]);
  expect(since(NOW_MS)).toEqual([]);
  expect(new NewsWatch().start(source, null)).toEqual([]);
});

test("the first metric that is not a number is told once for an experiment", () => {
  const watch = new NewsWatch();
  watch.start(mirror({ experiments: [experiment()], trials: [trial()] }), null);
  const bad = mirror({
    experiments: [experiment()],
    trials: [
      trial({ nan: { metric: "training/loss", step: 7 } }),
      trial({ number: 2, nan: { metric: "x", step: 9 } }),
    ],
  });
  const news = watch.changed(bad, [1]);
  expect(news.map(newsText)).toEqual(["#1 digits: training/loss is not a number since step 7"]);
  expect(watch.changed(bad, [1])).toEqual([]);
});

test("a metric that became not a number between two sessions is told in the second, and in no third", () => {
  const bad = { metric: "loss", step: 7 };
  const source = mirror({
    experiments: [
      experiment({ id: 1 }),
      experiment({ id: 2, state: "killed", endedAt: NOW_MS }),
      experiment({ id: 3 }),
    ],
    trials: [1, 2, 3].map((experimentId) => trial({ experimentId, nan: bad })),
  });
  // Experiment 2 had ended by the last look; of 3 it was told.
  const watch = new NewsWatch();
  const news = watch.start(source, { atMs: NOW_MS, nan: [3] });
  expect(news.map(({ kind, experiment: { id } }) => [kind, id])).toEqual([["nan", 1]]);
  expect(watch.changed(source, [1, 2, 3])).toEqual([]);
  expect(new NewsWatch().start(source, { atMs: NOW_MS, nan: watch.nan })).toEqual([]);
  expect(new NewsWatch().start(source, null)).toEqual([]);
});

test("one line for all after coming back", () => {
  const failed = {
    kind: "failed",
    experiment: experiment({ id: 9, state: "failed" }),
    reason: null,
  } as const;
  const done = (id: number, value: number | null) =>
    ({ kind: "finished", experiment: finished(id, value) }) as const;
  expect(summaryText([done(1, 0.3), done(2, 0.231), failed])).toBe("2 finished (best 0.231), 1 failed");
  expect(summaryText([done(1, null)])).toBe("1 finished");
  expect(summaryText([])).toBeNull();
});

test("a best over different metrics is not made up", () => {
  const other = { ...finished(2, 0.9), metric: { ...LOSS, name: "accuracy", smallerIsBetter: false } };
  const news = [finished(1, 0.1), other].map((one) => ({ kind: "finished", experiment: one }) as const);
  expect(summaryText(news)).toBe("2 finished");
});

test("a failure is told with its reason", () => {
  expect(newsText({ kind: "failed", experiment: experiment({ id: 4 }), reason: "out of memory" })).toBe(
    "#4 digits failed: out of memory",
  );
  expect(newsText({ kind: "finished", experiment: finished(4, 0.0613) })).toBe(
    "#4 digits finished: best loss 0.0613",
  );
});
