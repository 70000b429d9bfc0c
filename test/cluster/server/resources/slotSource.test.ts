import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Slot } from "../../../../src/cluster/protocol/entities.ts";
import type { SlotReading, SlotSource } from "../../../../src/cluster/server/ports.ts";
import { runProbe } from "../../../../src/cluster/server/resources/command.ts";
import { createSlotSource } from "../../../../src/cluster/server/resources/slotSource.ts";
import { silentLogger } from "../trees/sender.ts";

let folder: string;
let leases: string;
const path0 = process.env.PATH ?? "";
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-slots-"));
  leases = path.join(folder, "leases");
  mkdirSync(leases);
  process.env.PATH = `${folder}:/usr/bin:/bin`;
});
afterEach(() => {
  process.env.PATH = path0;
  delete process.env.TRAINYARD_CPU_SLOTS;
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A program of that name that prints what the real one would, by its first argument. */
function tool(name: string, script: string): void {
  writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(folder, name), 0o755);
}
function createSource(options: { cpuSlots?: number; probeCommand?: string } = {}): SlotSource {
  const { cpuSlots = null, probeCommand = null } = options;
  return createSlotSource({
    leasesFolder: leases,
    cpuSlots,
    probeCommand,
    pool: "/pool",
    logger: silentLogger,
  });
}
async function slots(options?: Parameters<typeof createSource>[0]): Promise<Slot[]> {
  return current(createSource(options));
}
/** The slots once the tools have answered. */
async function current(source: SlotSource): Promise<Slot[]> {
  for (;;) {
    const reading = await source.read();
    if (reading.news === null) return reading.slots;
    await reading.news;
  }
}
/** The first reading that is not of this moment any more. */
async function outdated(source: SlotSource): Promise<SlotReading> {
  for (;;) {
    const reading = await source.read();
    if (reading.news !== null) return reading;
    await sleep(100);
  }
}
const UUID = "GPU-00000000-aaaa-bbbb-cccc-dddddddddddd";
const GPU = `0, ${UUID}, NVIDIA H200, 143771, 4, 7, 30, 75.42`;

describe("NVIDIA", () => {
  test("what nvidia-smi lists, and what computes there without a lease", async () => {
    tool(
      "nvidia-smi",
      `case "$1" in
        --query-gpu*) printf '%s\\n' '${GPU}' '1, GPU-1, NVIDIA H200, 143771, 9000, 100, 30, 75.42' ;;
        *) echo 'GPU-1, 4711, /usr/bin/python3, the third' ;;
      esac`,
    );
    expect(await slots()).toEqual([
      {
        id: `gpu:${UUID}`,
        kind: "cuda",
        index: 0,
        lease: `gpu-${UUID}`,
        name: "NVIDIA H200",
        memoryBytes: 143771 * 2 ** 20,
        usedMemoryBytes: 4 * 2 ** 20,
        utilisation: 7,
        state: "free",
        detail: null,
        trialId: null,
        holder: null,
      },
      expect.objectContaining({
        id: "gpu:GPU-1",
        state: "foreign",
        detail: "in use by /usr/bin/python3, the third (4711), which hold no lease",
      }),
    ]);
  });

  test("a sensor that is not there is no trouble, a GPU that is ill is unusable, with what it says", async () => {
    tool(
      "nvidia-smi",
      `case "$1" in
        --query-gpu*) printf '%s\\n' '0, GPU-0, NVIDIA T400, 4096, [N/A], [Not Supported], 30, [N/A]' \\
          '1, GPU-1, NVIDIA H200, [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error]' \\
          '2, GPU-2, [GPU requires reset], 1, 1, [GPU requires reset], 1, 1' \\
          'garbage' '' '3, [N/A], x, 1, 1, 1, 1, 1' ;;
      esac`,
    );
    expect(await slots()).toMatchObject([
      {
        id: "gpu:GPU-0",
        state: "free",
        memoryBytes: 4096 * 2 ** 20,
        usedMemoryBytes: null,
        utilisation: null,
      },
      { id: "gpu:GPU-1", state: "unusable", memoryBytes: null, detail: "nvidia-smi says [Unknown Error]" },
      {
        id: "gpu:GPU-2",
        state: "unusable",
        name: "NVIDIA GPU",
        detail: "nvidia-smi says [GPU requires reset]",
      },
    ]);
  });

  test("a driver that cannot be reached is said; without a GPU in the kernel the CPU is still there", async () => {
    tool(
      "nvidia-smi",
      'echo "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9',
    );
    expect(await slots()).toMatchObject([
      { state: "unusable", detail: expect.stringContaining("couldn't communicate") as string },
      { id: "cpu:0", state: "free" },
    ]);
  });

  test("a machine without devices has a CPU slot", async () => {
    tool("nvidia-smi", "echo 'No devices were found'; exit 6");
    expect(await slots()).toMatchObject([{ id: "cpu:0", kind: "cpu", lease: "cpu-0", state: "free" }]);
  });

  test("GPUs that were there stay, unusable, while the tool fails", async () => {
    tool("nvidia-smi", `[ -e ${folder}/broken ] && exit 9; case "$1" in --query-gpu*) echo '${GPU}' ;; esac`);
    const source = createSource();
    expect(await current(source)).toMatchObject([{ state: "free" }]);
    writeFileSync(path.join(folder, "broken"), "");
    await outdated(source);
    expect(await current(source)).toMatchObject([
      { id: `gpu:${UUID}`, state: "unusable", detail: "nvidia-smi: ended with exit code 9" },
    ]);
  });
});

test("while a tool hangs, its last answer is there at once and said to be old", async () => {
  tool(
    "nvidia-smi",
    `while [ -e ${folder}/hangs ]; do sleep 0.05; done
     case "$1" in --query-gpu*) echo '${GPU}' ;; *) [ -e ${folder}/used ] && echo '${UUID}, 4711, other' || true ;; esac`,
  );
  const source = createSource();
  expect(await current(source)).toMatchObject([{ state: "free" }]);
  writeFileSync(path.join(folder, "hangs"), "");
  const reading = await outdated(source);
  expect(reading.slots).toMatchObject([{ id: `gpu:${UUID}`, state: "free" }]);
  expect((await source.read()).news).toBe(reading.news);
  writeFileSync(path.join(folder, "used"), "");
  rmSync(path.join(folder, "hangs"));
  await reading.news;
  expect(await source.read()).toMatchObject({ slots: [{ state: "foreign" }], news: null });
});

test("a tool that hangs is given up, with everything that it has started", async () => {
  tool("nvidia-smi", `sleep 600 & echo $! > ${folder}/pid; wait`);
  expect(await runProbe("nvidia-smi", [], { timeoutMs: 300 })).toEqual({
    kind: "failed",
    reason: "nvidia-smi did not answer in 0.3 s",
  });
});

test("a GPU is free again when its memory is back, as seen after the run has left; what has it is named", async () => {
  const state = path.join(folder, "state");
  const put = (mebibytes: number, processes = ""): void => writeFileSync(state, `${mebibytes}\n${processes}`);
  tool(
    "nvidia-smi",
    `{ read used; read process; } < ${state}
    case "$1" in
      --query-gpu*) echo "0, GPU-1, NVIDIA H200, 143771, $used, 7, 30, 75.42" ;;
      *) [ -z "$process" ] || echo "$process" ;;
    esac`,
  );
  put(4);
  const source = createSource();
  expect(await current(source)).toMatchObject([{ state: "free" }]);
  const holder = { account: "alice", host: "h", pid: 1, run: "12.3.1", pool: "/pool", since: 1732412345 };
  const holds = spawn("/usr/bin/python3", [
    "-c",
    "import fcntl, sys, time\nf = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX)\n" +
      "f.write(sys.argv[2]); f.flush(); print(1, flush=True); time.sleep(60)",
    path.join(leases, "gpu-GPU-1"),
    JSON.stringify(holder),
  ]);
  children.push(holds);
  await new Promise((resolve) => holds.stdout.once("data", resolve));
  put(90_000);
  expect(await current(source)).toMatchObject([{ state: "held" }]);
  holds.kill("SIGKILL");
  await new Promise((resolve) => holds.once("close", resolve));
  // What was seen while it was held says nothing of now.
  expect(await source.read()).toMatchObject({
    slots: [
      { state: "foreign", detail: "not free yet: its memory was not looked at since run 12.3.1 ended" },
    ],
    news: expect.any(Promise) as Promise<void>,
  });
  expect(await current(source)).toMatchObject([
    {
      state: "foreign",
      detail:
        "not free yet: 87.9 GiB of its memory did not come back, and no process is named that has it, since run 12.3.1 ended",
    },
  ]);
  const again = async (): Promise<Slot[]> => {
    await outdated(source);
    return current(source);
  };
  put(90_000, "GPU-1, 4711, python3");
  expect(await again()).toMatchObject([
    { state: "foreign", detail: "in use by python3 (4711), which hold no lease" },
  ]);
  put(30);
  expect(await again()).toMatchObject([{ state: "free", detail: null }]);
});

describe("AMD", () => {
  test("by amd-smi, whose lists are wrapped since ROCm 7", async () => {
    tool(
      "amd-smi",
      `case "$1" in
        list) echo '[{"gpu": 0, "bdf": "0000:c1:00.0", "uuid": "41ff74b5-0000-1000-8008-1a2b3c4d5e6f"}]' ;;
        metric) echo '{"gpu_data": [{"gpu": 0, "usage": {"gfx_activity": {"value": 42, "unit": "%"}},
          "mem_usage": {"total_vram": {"value": 196592, "unit": "MB"}, "used_vram": "N/A"}}]}' ;;
        static) echo '[{"gpu": 0, "asic": {"market_name": "AMD Instinct MI300X"}}]' ;;
      esac`,
    );
    expect(await slots()).toMatchObject([
      {
        id: "gpu:41ff74b5-0000-1000-8008-1a2b3c4d5e6f",
        kind: "rocm",
        index: 0,
        name: "AMD Instinct MI300X",
        memoryBytes: 196592 * 2 ** 20,
        usedMemoryBytes: null,
        utilisation: 42,
        state: "free",
      },
    ]);
  });

  test("by rocm-smi where that is all there is", async () => {
    tool(
      "rocm-smi",
      `echo 'WARNING: AMD GPU device(s) is/are in a low-power state.'
       echo '{"card0": {"Unique ID": "0x18f68e602b8a790f", "VRAM Total Memory (B)": "68702699520",
         "VRAM Total Used Memory (B)": "10850304", "GPU use (%)": "0", "Card series": "Instinct MI210"}, "system": {}}'`,
    );
    expect(await slots()).toMatchObject([
      {
        id: "gpu:0x18f68e602b8a790f",
        kind: "rocm",
        name: "Instinct MI210",
        memoryBytes: 68702699520,
        utilisation: 0,
      },
    ]);
  });
});

describe("a person's probe", () => {
  test("names the slots, and nothing else is asked", async () => {
    tool("nvidia-smi", `echo '${GPU}'`);
    const probeCommand = `echo '[{"id": "npu 0", "name": "NPU", "memoryBytes": 1024}, {"id": "npu1"}]'`;
    const found = await slots({ probeCommand });
    expect(found).toMatchObject([
      { id: "custom:npu 0", kind: "custom", index: 0, name: "NPU", memoryBytes: 1024, state: "free" },
      { id: "custom:npu1", index: 1, name: "npu1", lease: "custom-npu1", memoryBytes: null },
    ]);
    expect(found[0]?.lease).toMatch(/^custom-[0-9a-f]{40}$/);
  });

  test.each([
    ["exit 3", "exit code 3"],
    ["echo nonsense", "printed no JSON"],
    [`echo '{"id": 1}'`, "expected array"],
    [`echo '[{"id": "a"}, {"id": "a"}]'`, "more than once"],
  ])("that answers badly (%s) is an unusable slot with the reason", async (probeCommand, reason) => {
    expect(await slots({ probeCommand })).toMatchObject([
      { state: "unusable", detail: expect.stringContaining(reason) as string },
    ]);
  });
});

describe("CPU slots", () => {
  test("one, or as many as were set", async () => {
    expect(await slots()).toHaveLength(1);
    expect(await slots({ cpuSlots: 3 })).toMatchObject([
      { lease: "cpu-0" },
      { lease: "cpu-1" },
      { lease: "cpu-2" },
    ]);
    process.env.TRAINYARD_CPU_SLOTS = "2";
    expect(await slots()).toHaveLength(2);
    process.env.TRAINYARD_CPU_SLOTS = "many";
    expect(await slots()).toHaveLength(1);
  });

  test("are held exactly as long as someone has the lock; the holder is named", async () => {
    const holder = {
      account: "alice",
      host: "h",
      pid: 4711,
      run: "12.3.1",
      pool: "/pool",
      since: 1732412345.5,
    };
    const child = spawn("/usr/bin/python3", [
      "-c",
      "import fcntl, sys, time\nf = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX)\n" +
        "f.write(sys.argv[2]); f.flush(); print(1, flush=True); time.sleep(60)",
      path.join(leases, "cpu-0"),
      JSON.stringify(holder),
    ]);
    children.push(child);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(await slots({ cpuSlots: 2 })).toMatchObject([
      {
        state: "held",
        trialId: "12.3",
        detail: "held by alice (run 12.3.1, process 4711, since 2024-11-24 01:39 UTC)",
      },
      { state: "free", trialId: null },
    ]);
    const gone = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await gone;
    expect(await slots({ cpuSlots: 2 })).toMatchObject([{ state: "free" }, { state: "free" }]);
  });

  test("a holder that touches its lease no more is named as one that hangs, and keeps it", async () => {
    const holder = {
      account: "alice",
      host: "h",
      pid: 4711,
      run: "12.3.1",
      pool: "/other",
      since: 1732412345,
    };
    for (const [index, beats] of [{}, { heartbeatS: 5 }, { heartbeatS: 5 }].entries()) {
      const child = spawn("/usr/bin/python3", [
        "-c",
        "import fcntl, sys, time\nf = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX)\n" +
          "f.write(sys.argv[2]); f.flush(); print(1, flush=True); time.sleep(60)",
        path.join(leases, `cpu-${index}`),
        JSON.stringify({ ...holder, ...beats }),
      ]);
      children.push(child);
      await new Promise((resolve) => child.stdout.once("data", resolve));
    }
    const longAgo = Math.floor(Date.now() / 1000) - 600;
    for (const index of [0, 1]) utimesSync(path.join(leases, `cpu-${index}`), longAgo, longAgo);
    expect(await slots({ cpuSlots: 3 })).toMatchObject([
      { state: "held", holder: { account: "alice", silentSince: null } }, // of an older supervisor: it never does
      {
        state: "held",
        detail: expect.stringMatching(/has not answered since .* UTC$/) as string,
        holder: { since: 1732412345000, silentSince: longAgo * 1000 },
      },
      { state: "held", holder: { silentSince: null } },
    ]);
  });

  test("of another pool do not carry a trial of ours; a holder that is garbage is said", async () => {
    const script =
      "import fcntl, sys, time\nf = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX)\n" +
      "f.write(sys.argv[2]); f.flush(); print(1, flush=True); time.sleep(60)";
    const other = { account: "bob", host: "h", pid: 1, run: "1.1.1", pool: "/other", since: 1 };
    for (const [index, text] of [JSON.stringify(other), "garbage"].entries()) {
      const child = spawn("/usr/bin/python3", ["-c", script, path.join(leases, `cpu-${index}`), text]);
      children.push(child);
      await new Promise((resolve) => child.stdout.once("data", resolve));
    }
    expect(await slots({ cpuSlots: 2 })).toMatchObject([
      { state: "held", trialId: null, detail: expect.stringContaining("bob") as string },
      { state: "held", trialId: null, detail: "held by someone who does not say so" },
    ]);
  });
});

test("a tool that is nowhere on the PATH is absent, also where the kernel says that permission is denied", async () => {
  mkdirSync(path.join(folder, "no-such-tool")); // the kernel says EACCES here, too
  expect(await runProbe("no-such-tool", [])).toEqual({ kind: "absent" });
});
