import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { localPaths } from "../../../src/cluster/client/localPaths.ts";

let folder: string;
let home: string;
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-paths-")));
  home = path.join(folder, "pool");
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true });
});
const uid = process.getuid?.() ?? 0;

it("makes the folder for its owner alone, and takes it from the environment", () => {
  vi.stubEnv("TRAINYARD_HOME", home);
  expect(localPaths(null)).toMatchObject({ home, log: path.join(home, "state", "server.log") });
  expect(fs.statSync(home).mode & 0o777).toBe(0o700);
  expect(localPaths(path.join(folder, "other")).home).toBe(path.join(folder, "other"));
});

it("listens in XDG_RUNTIME_DIR, and looks where a server of another session may listen", () => {
  vi.stubEnv("XDG_RUNTIME_DIR", folder);
  const { socket, otherSockets } = localPaths(home);
  expect(path.dirname(socket)).toBe(path.join(folder, "trainyard"));
  expect(otherSockets).toContain(path.join(`/tmp/trainyard-${uid}`, path.basename(socket)));
  vi.stubEnv("XDG_RUNTIME_DIR", undefined);
  expect(localPaths(home).socket).toBe(path.join(`/tmp/trainyard-${uid}`, path.basename(socket)));
});

it.each([
  ["relative", "run"],
  ["absent", "/nowhere/at/all"],
  ["empty", ""],
  ["too long for a socket", null],
])("does without an XDG_RUNTIME_DIR that is %s", (_, value) => {
  const long = path.join(folder, "x".repeat(80));
  fs.mkdirSync(long);
  vi.stubEnv("XDG_RUNTIME_DIR", value ?? long);
  const { socket } = localPaths(home);
  expect(path.dirname(socket)).toBe(`/tmp/trainyard-${uid}`);
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(107);
});

it("gives two pools two sockets", () => {
  expect(localPaths(home).socket).not.toBe(localPaths(`${home}2`).socket);
});
