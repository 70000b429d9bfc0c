import path from "node:path";
import { expect, test } from "vitest";
import { readOptions } from "../../../src/cluster/server/options.ts";

const ARGS = ["--home", "/pool", "--socket", "/s/p.sock", "--python", "python"];

test("arguments and environment", () => {
  expect(readOptions(ARGS, { TRAINYARD_CPU_SLOTS: "3", TRAINYARD_LEASES: "/l" })).toEqual({
    home: "/pool",
    socket: "/s/p.sock",
    pythonFolder: path.resolve("python"),
    leases: "/l",
    cpuSlots: 3,
    probeCommand: null,
  });
  expect(readOptions(ARGS, { TRAINYARD_CPU_SLOTS: "" }).cpuSlots).toBeNull();
});

test("what is missing or makes no sense is an error", () => {
  expect(() => readOptions(ARGS.slice(2), {})).toThrow("--home");
  expect(() => readOptions([...ARGS, "--port", "80"], {})).toThrow("--port");
  for (const count of ["0", "-1", "1.5", "many", "100000"])
    expect(() => readOptions(ARGS, { TRAINYARD_CPU_SLOTS: count })).toThrow("TRAINYARD_CPU_SLOTS");
});
