import { expect, test } from "vitest";
import type { Slot } from "../../../src/cluster/protocol/entities.ts";
import { poolDescription, portRow, slotRow } from "../../../src/extension/views/poolLabels.ts";
import { countsOf } from "../fixtures.ts";
import { statusText } from "../../../src/extension/views/statusText.ts";

const slot = (change: Partial<Slot> = {}): Slot => ({
  id: "gpu-0",
  kind: "cuda",
  index: 0,
  lease: "GPU-0",
  name: "NVIDIA L4",
  memoryBytes: 24e9,
  usedMemoryBytes: 2e9,
  utilisation: 0.42,
  state: "free",
  detail: null,
  trialId: null,
  ...change,
});

test("a pool says how many slots are free", () => {
  expect(poolDescription("connected", [slot(), slot({ state: "held" })])).toBe("1 of 2 slots free");
  const disk = (state: "ok" | "filling" | "full") => poolDescription("connected", [slot()], null, { state });
  expect(disk("ok")).toBe("1 of 1 slot free");
  expect(disk("filling")).toBe("1 of 1 slot free · disk is filling up");
  expect(disk("full")).toBe("1 of 1 slot free · disk is full");
  expect(poolDescription("disconnected", [])).toBe("does not answer");
  expect(poolDescription("disconnected", [], "The pool server was stopped.")).toBe(
    "does not answer · The pool server was stopped.",
  );
});

test("a slot says who holds it", () => {
  expect(slotRow(slot(), null).description).toBe("free · 2.0 GB of 24 GB · 42%");
  expect(slotRow(slot({ state: "held", trialId: "3.1" }), { id: 3, name: "digits" }).description).toBe(
    "held · #3 digits · 2.0 GB of 24 GB · 42%",
  );
  expect(slotRow(slot({ state: "foreign", detail: "python3 of bob" }), null).description).toMatch(
    /^used by others · python3 of bob/,
  );
});

test("the slot of another account says who has it since when, and whether that one still answers", () => {
  const since = new Date(new Date().setHours(10, 31, 0, 0)).getTime();
  const holder = { account: "alice", run: "7.1.1", pid: 4711, since, silentSince: null };
  const held = slot({ state: "held", index: 2, detail: "held by alice (run 7.1.1 ...)", holder });
  expect(slotRow(held, null).description).toBe("held by alice since 10:31 · 2.0 GB of 24 GB · 42%");
  expect(slotRow(held, null).tooltip).toContain("GPU 2: held by alice since 10:31");
  const silent = { ...held, holder: { ...holder, silentSince: since + 11 * 60_000 } };
  expect(slotRow(silent, null)).toMatchObject({
    description: expect.stringMatching(
      /^held by alice since 10:31, has not answered since 10:42 · /,
    ) as string,
    tooltip: expect.stringContaining("ask alice to look at process 4711 (run 7.1.1)") as string,
    icon: "warning",
  });
  const ours = slotRow({ ...silent, trialId: "3.1" }, { id: 3, name: "digits" });
  expect(ours.description).toMatch(/^held · #3 digits · does not answer/);
});

test("the status bar counts what runs and waits, and is silent otherwise", () => {
  const states = (...list: ("running" | "waiting" | "paused" | "failed" | "stopping")[]) =>
    statusText([{ trialCounts: countsOf(list.map((state) => ({ state }))) }, { trialCounts: {} }])?.text ??
    null;
  expect(states("running", "stopping", "waiting", "paused")).toBe("$(rocket) 2 running, 1 waiting");
  expect(states("waiting")).toBe("$(rocket) 1 waiting");
  expect(states("paused", "failed")).toBeNull();
});

test("a forwarded port says where it is here, and whose it is", () => {
  const port = { port: 6006, process: "tensorboard\nx", runId: "12.1.1", localPort: 43567 };
  expect(portRow(port)).toEqual({
    label: "Port 6006",
    description: "127.0.0.1:43567 here · tensorboard · run 12.1.1",
  });
  expect(portRow({ ...port, process: "" }).description).toBe("127.0.0.1:43567 here · run 12.1.1");
});
