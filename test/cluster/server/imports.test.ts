import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ImportedRun } from "../../../src/cluster/protocol/imports.ts";
import { createCurveStore } from "../../../src/cluster/server/store/curves/curveStore.ts";
import { openTestServer, type TestServer } from "./testServer.ts";

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(() => server.close(), 30_000);

const RUN: ImportedRun = {
  id: "c532e047-b82d-b79e-8986-ed3aa4088d46",
  from: "TensorBoard",
  source: "runs/one",
  name: "one",
  labels: ["old"],
  hyperparameters: { lr: 0.1 },
  notes: "",
  workspace: "/home/alice/project",
  startedAt: 1_600_000_000_000,
  endedAt: 1_600_000_060_000,
};
const EVENTS = [
  { seq: 1, t: 1_600_000_000, type: "metrics", group: "training", step: 1, values: { loss: 0.5 } },
  { seq: 2, t: 1_600_000_060, type: "metrics", group: "training", step: 2, values: { loss: 0.25 } },
  { seq: 3, t: 1_600_000_060, type: "params", values: { lr: 0.1 }, origin: { lr: "captured" } },
];
const TEXT = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join("");
const pending = (): string[] => readdirSync(path.join(server.home, "state", "imports"));

async function put(text: string | Readable): Promise<string> {
  const { ticket } = await server.call("import/begin", { bytes: 1 });
  const target = server.tickets.get(ticket);
  if (target?.kind !== "sink") throw new Error("no sink");
  const body = typeof text === "string" ? Readable.from([Buffer.from(text)]) : text;
  await target.receive(body, new AbortController().signal);
  return ticket;
}
const send = async (run: Partial<ImportedRun> = {}, text = TEXT) =>
  server.call("experiment/import", { ticket: await put(text), run: { ...RUN, ...run } });

test("an import is an experiment that has ended, when it ran and not now", async () => {
  const { experimentId, trialId } = await send();
  const trial = await server.untilState(trialId, "completed");
  expect(trial).toMatchObject({
    startedAt: RUN.startedAt,
    endedAt: RUN.endedAt,
    latestStep: 2,
    best: { value: 0.25, step: 2 },
    hyperparameters: { lr: 0.1 },
    parameters: { lr: { value: 0.1, origin: "captured" } },
    slots: [],
    warnings: [],
  });
  const { experiment, runs } = await server.call("experiment/get", { experimentId });
  expect(experiment).toMatchObject({
    state: "completed",
    name: "one",
    labels: ["old"],
    imported: { from: "TensorBoard", source: "runs/one" },
    script: "runs/one",
    commandLine: [],
  });
  expect(runs).toMatchObject([{ outcome: "completed", exitCode: 0 }]);
  // How long it took elsewhere says nothing of how long something takes here.
  expect((await server.call("snapshot/files", { experimentId })).files).toEqual([]);
  expect((await server.call("run/files", { runId: `${trialId}.1`, path: "." })).files).toEqual([]);
  await expect(server.call("trial/resume", { trialId })).rejects.toMatchObject({ reason: "refused" });
  await expect(
    server.call("search/addTrial", { experimentId, hyperparameters: {}, startFrom: null }),
  ).rejects.toMatchObject({ reason: "refused" });
  expect(pending()).toEqual([]);
});

test("the same one comes once, also when two send it together; deleted, it can come again", async () => {
  const [first, second] = await Promise.all([send(), send()]);
  expect(second).toEqual(first);
  expect(await send()).toEqual(first);
  expect(await server.call("import/known", { ids: [RUN.id, RUN.id.replace("c", "d")] })).toEqual({
    known: [{ id: RUN.id, experimentId: first.experimentId }],
  });
  expect((await server.call("experiment/list", {})).experiments).toHaveLength(1);
  expect(pending()).toEqual([]);
  await server.untilState(first.trialId, "completed");
  await server.call("experiment/delete", { experimentId: first.experimentId, confirm: true });
  expect((await server.call("import/known", { ids: [RUN.id] })).known).toEqual([]);
  const again = await send();
  expect(again.experimentId).not.toBe(first.experimentId);
  await server.untilState(again.trialId, "completed");
});

test("a transfer that breaks off, and a client that goes away, leave nothing", async () => {
  const body = new PassThrough().on("error", () => undefined); // as the one that the wire gives
  body.write(TEXT);
  const broken = put(body);
  setTimeout(() => body.destroy(new Error("cut")), 50);
  await expect(broken).rejects.toThrow("cut");
  expect(pending()).toEqual([]);
  const ticket = await put(TEXT);
  expect(pending()).toHaveLength(1);
  await server.restart(); // as if it were killed: what was sent is of no use without its connection
  await expect.poll(pending).toEqual([]);
  await expect(server.call("experiment/import", { ticket, run: RUN })).rejects.toMatchObject({
    reason: "notFound",
  });
  await expect(server.call("import/begin", { bytes: 2 * 1024 ** 3 })).rejects.toMatchObject({
    reason: "refused",
    remedy: expect.any(String) as string,
  });
});

test("what a crash left before the rows is removed, what it left after them is gone on from", async () => {
  // The place of its folder is taken, so it stops there.
  const inTheWay = path.join(server.home, "runs", "1.1.1");
  mkdirSync(path.join(inTheWay, "x"), { recursive: true });
  await expect(send()).rejects.toThrow("ENOTEMPTY");
  expect(pending()).toEqual([RUN.id]);
  const left = path.join(server.home, "state", "imports", "d532e047-b82d-b79e-8986-ed3aa4088d46");
  await server.restart(() => {
    rmSync(inTheWay, { recursive: true });
    mkdirSync(path.join(left, "events"), { recursive: true });
    writeFileSync(path.join(left, "events", "0-import.jsonl"), TEXT);
  });
  await expect.poll(() => existsSync(left)).toBe(false);
  expect(await server.untilState("1.1", "completed")).toMatchObject({ latestStep: 2, endedAt: RUN.endedAt });
  expect((await server.call("experiment/list", {})).experiments).toHaveLength(1);
});

test("lines that are no events are left out and said, whatever they are", async () => {
  const hostile = [
    "not json",
    JSON.stringify({ seq: 1, t: 1, type: "metrics", group: "a.b", step: 1, values: { x: 1 } }),
    JSON.stringify({ seq: 2, t: 1, type: "checkpoint", uuid: RUN.id, step: 1 }),
    '{"seq":3,"t":1,"type":"metrics","group":"training","step":1e999,"values":{"__proto__":1}}',
    "[".repeat(100_000),
  ].join("\n");
  const { trialId } = await send({}, `${hostile}\n${TEXT}`);
  const trial = await server.untilState(trialId, "completed");
  expect(trial).toMatchObject({ latestStep: 2, latestCheckpoint: null });
  expect(trial.warnings.join("\n")).toContain("were skipped");
  const curves = createCurveStore(path.join(server.home, "state", "curves"), {
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  });
  expect(curves.list(trialId).map(({ name }) => name)).toEqual(["loss"]);
  curves.close();
});
