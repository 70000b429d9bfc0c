/** When the slots that the tools described a while ago are used, and when not. */
import { expect, test } from "vitest";
import type { Slot } from "../../../src/cluster/protocol/entities.ts";
import type { SlotReading, SlotSource } from "../../../src/cluster/server/ports.ts";
import { openTestServer } from "./testServer.ts";

const SLOT: Slot = {
  id: "cpu:0",
  kind: "cpu",
  index: 0,
  lease: "cpu-0",
  name: "CPU",
  memoryBytes: null,
  usedMemoryBytes: null,
  utilisation: null,
  state: "free",
  detail: null,
  trialId: null,
};
const FOREIGN: Slot = { ...SLOT, state: "foreign", detail: "in use by other (4711), which hold no lease" };

/** Tools that answer when they are told to. */
function createTools() {
  let reading: SlotReading = { slots: [SLOT], news: null };
  let readings = 0;
  let answer: () => void = () => undefined;
  const source: SlotSource = {
    read: () => {
      readings++;
      return Promise.resolve(reading);
    },
  };
  return {
    source,
    hang(): void {
      reading = { slots: reading.slots, news: new Promise((resolve) => (answer = resolve)) };
    },
    say(slot: Slot): void {
      reading = { slots: [slot], news: null };
      answer();
    },
    /** Resolves when the server has looked again. */
    async looked(): Promise<void> {
      const before = readings;
      await expect.poll(() => readings).toBeGreaterThan(before + 1);
    },
  };
}

test("nothing starts on a slot that was free a while ago; what runs is watched all the same", async () => {
  const tools = createTools();
  const server = await openTestServer(1, tools.source);
  try {
    const waits = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)";
    const first = await server.submit({ "train.py": waits });
    await server.untilState(first, "running");
    tools.hang();
    await server.writeInto(`${first}.1`, "go", "");
    await server.untilState(first, "completed");
    const second = await server.submit({ "train.py": "print(1)" });
    await tools.looked();
    expect((await server.trial(second)).state).toBe("waiting");
    tools.say(FOREIGN);
    const waiting = await server.until(second, ({ waitReason }) => waitReason?.includes("4711") ?? false);
    expect(waiting.state).toBe("waiting");
    tools.say(SLOT);
    await server.untilState(second, "completed");
  } finally {
    await server.close();
  }
}, 30_000);
