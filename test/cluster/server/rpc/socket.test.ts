import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import type { Handlers } from "../../../../src/cluster/server/ports.ts";
import { createRpc } from "../../../../src/cluster/server/rpc/listen.ts";
import { rig } from "./rig.ts";

const often = { pingMs: 30_000, socketCheckMs: 20 };
const list = () => ({ "experiment/list": () => ({ experiments: [] }) });

it("makes its socket again when it is cleaned away, and keeps who is connected", async () => {
  const { connect, socketPath, rpc } = await rig(list, often);
  const old = await connect();
  fs.rmSync(path.dirname(socketPath), { recursive: true });
  await expect.poll(() => fs.existsSync(socketPath)).toBe(true);
  await expect.poll(() => fs.statSync(socketPath).mode & 0o777).toBe(0o600);
  const young = await connect();
  expect(await old.call("experiment/list", {})).toEqual({ experiments: [] });
  expect(await young.call("experiment/list", {})).toEqual({ experiments: [] });
  expect(rpc.clientCount()).toBe(2);
});

it("waits for its folder to become usable again", async () => {
  const { connect, socketPath, logged } = await rig(list, often);
  const folder = path.dirname(socketPath);
  fs.rmSync(folder, { recursive: true });
  fs.writeFileSync(folder, "");
  await expect.poll(() => logged.join()).toContain("cannot be made");
  fs.rmSync(folder);
  await expect.poll(() => fs.existsSync(socketPath)).toBe(true);
  expect(await (await connect()).call("experiment/list", {})).toEqual({ experiments: [] });
  expect(logged.filter((line) => line.includes("cannot be made"))).toHaveLength(1);
});

it("leaves no socket behind", async () => {
  const { rpc, socketPath } = await rig(list, often);
  await rpc.close();
  expect(fs.existsSync(socketPath)).toBe(false);
});

it.each([
  [
    "a folder that others may enter",
    (folder: string) => fs.mkdirSync(folder, { mode: 0o755 }),
    "open to other",
  ],
  ["a file", (folder: string) => fs.writeFileSync(folder, ""), /EEXIST|not a folder/],
  ["a link to a folder", (folder: string) => fs.symlinkSync("/tmp", folder), "not a folder"],
])("does not put its socket into %s", async (_, make, refusal) => {
  const { folder } = await rig();
  make(path.join(folder, "x"));
  const rpc = createRpc({ info() {}, warn() {}, error() {} });
  await expect(rpc.listen(path.join(folder, "x", "pool.sock"), {} as Handlers)).rejects.toThrow(refusal);
  await rpc.close();
});

it("refuses a path that is too long for a socket", async () => {
  const rpc = createRpc({ info() {}, warn() {}, error() {} });
  await expect(rpc.listen(`/tmp/${"x".repeat(110)}`, {} as Handlers)).rejects.toThrow("107 bytes");
  await rpc.close();
});
