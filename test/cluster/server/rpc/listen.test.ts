import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connect, type PoolConnection } from "../../../../src/cluster/client/connection.ts";
import { SUBPROTOCOL } from "../../../../src/cluster/protocol/version.ts";
import type { Handlers } from "../../../../src/cluster/server/ports.ts";
import { createRpc, type Rpc } from "../../../../src/cluster/server/rpc/listen.ts";

const silent = { info() {}, warn() {}, error() {} };
const pool = {
  id: "00000000-0000-0000-0000-000000000000",
  host: "h",
  folder: "/p",
  account: "a",
  serverVersion: "0.1.0",
  serverPid: 1,
  startedAt: 0,
};

let folder: string;
let socketPath: string;
let rpc: Rpc;
let seen: AbortSignal | null;
let calls: number[];
const open: PoolConnection[] = [];

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-rpc-"));
  socketPath = path.join(folder, "s", "pool.sock");
  seen = null;
  calls = [];
  rpc = createRpc(silent);
  const handlers = {
    hello: () => ({ protocol: { major: 1, minor: 0 }, pool }),
    "series/read": ({ cursor }: { cursor: number }) => ({
      columns: new Uint8Array([1, 2, 3]),
      count: 1,
      cursor,
      total: 1,
      revision: 0,
    }),
    "pool/status": async (_params: unknown, { signal }: { signal: AbortSignal }) => {
      seen = signal;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw new Error("aborted");
    },
    "experiment/list": () => ({ experiments: [{ id: "not a number" }] }),
    "experiment/get": () => {
      throw Object.assign(new Error("There is no experiment 7."), {
        reason: "notFound",
        remedy: "List them.",
      });
    },
    watch: (_params: unknown, { clientId }: { clientId: number }) => {
      calls.push(clientId);
      return {};
    },
    "bulk/open": (params: { path?: string }, { clientId }: { clientId: number }) => {
      const file = path.join(folder, "file");
      const target =
        params.path === "sink"
          ? {
              kind: "sink" as const,
              receive: async (body: NodeJS.ReadableStream) =>
                fs.writeFileSync(file, await text(body as Readable)),
            }
          : { kind: "file" as const, path: file, bytes: fs.statSync(file).size };
      return { ticket: rpc.tickets.issue(clientId, target), bytes: 0 };
    },
  };
  await rpc.listen(socketPath, handlers as unknown as Handlers);
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await rpc.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const stream = () =>
  new Promise<net.Socket>((resolve, reject) => {
    const socket = net.connect(socketPath, () => resolve(socket));
    socket.once("error", reject);
  });
async function client(): Promise<PoolConnection> {
  const connection = await connect(stream, { name: "test", version: "0.1.0" });
  open.push(connection);
  return connection;
}
const series = { trialId: "1.1", group: "g", name: "n", rank: 0, cursor: 5, resolution: null };
const bulkFile = { type: "checkpointFile" as const, uuid: pool.id, path: "file" };

describe("the wire", () => {
  it("is closed to other accounts", async () => {
    await client();
    expect(fs.statSync(path.dirname(socketPath)).mode & 0o777).toBe(0o700);
    expect(fs.statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  it("answers calls, with bytes as bytes", async () => {
    const connection = await client();
    expect(connection.pool).toEqual(pool);
    const read = await connection.call("series/read", series);
    expect([...read.columns]).toEqual([1, 2, 3]);
    expect(read.cursor).toBe(5);
  });

  it("refuses parameters that are not of the protocol, and says which", async () => {
    const connection = await client();
    await expect(connection.call("series/read", { ...series, trialId: "../x" })).rejects.toMatchObject({
      reason: "invalid",
      message: expect.stringContaining("trialId") as string,
    });
  });

  it("carries errors with their reason and remedy", async () => {
    const connection = await client();
    await expect(connection.call("experiment/get", { experimentId: 7 })).rejects.toMatchObject({
      reason: "notFound",
      message: "There is no experiment 7.",
      remedy: "List them.",
    });
  });

  it("never sends a result that is not of the protocol", async () => {
    await expect((await client()).call("experiment/list", {})).rejects.toMatchObject({ reason: "failed" });
  });

  it("cancels the handler when the caller gives up, and when the client is gone", async () => {
    const connection = await client();
    const giveUp = new AbortController();
    const call = connection.call("pool/status", {}, { signal: giveUp.signal });
    await expect.poll(() => seen !== null).toBe(true);
    giveUp.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => seen?.aborted).toBe(true);
    seen = null;
    const second = connection.call("pool/status", {});
    await expect.poll(() => seen !== null).toBe(true);
    connection.close();
    await expect(second).rejects.toMatchObject({ reason: "disconnected" });
    await expect.poll(() => seen?.aborted).toBe(true);
  });

  it("gives up on an answer that does not come", async () => {
    await expect((await client()).call("pool/status", {}, { timeoutMs: 50 })).rejects.toMatchObject({
      reason: "timeout",
    });
  });

  it("sends notifications to the client that they are for", async () => {
    const [one, two] = [await client(), await client()];
    await one.call("watch", { trialIds: [] });
    const heard: string[] = [];
    for (const [name, connection] of [
      ["one", one],
      ["two", two],
    ] as const)
      connection.onNotification("live", () => void heard.push(name));
    rpc.broadcaster.notify(calls[0] ?? 0, "live", {
      trialId: "1.1",
      progress: 0.5,
      series: [],
      output: null,
    });
    await expect.poll(() => heard).toEqual(["one"]);
    // What is not of the protocol ends that connection, and does not hurt the other.
    const closed = new Promise<string>((resolve) => one.onClosed(resolve));
    rpc.broadcaster.notify(calls[0] ?? 0, "live", {
      trialId: "1.1",
      progress: NaN,
      series: [],
      output: null,
    });
    expect(await closed).toContain("not of the protocol");
    await two.call("watch", { trialIds: [] });
    expect(heard).toEqual(["one"]);
  });

  it("moves bulk bytes both ways, in ranges, and only with a ticket", async () => {
    const connection = await client();
    fs.writeFileSync(path.join(folder, "file"), "");
    const { ticket: sink } = await connection.call("bulk/open", { ...bulkFile, path: "sink" });
    await connection.bulkPut(sink, Readable.from(["0123", "456789"]));
    const { ticket } = await connection.call("bulk/open", bulkFile);
    expect(await text(await connection.bulkGet(ticket, null))).toBe("0123456789");
    expect(await text(await connection.bulkGet(ticket, { start: 3, end: 5 }))).toBe("345");
    expect(await text(await connection.bulkGet(ticket, { start: 8, end: 99 }))).toBe("89");
    await expect(connection.bulkGet(ticket, { start: 10, end: 12 })).rejects.toThrow("no such range");
    // As if the pool had noticed a cut first: who holds such a ticket goes on as after any cut.
    await expect(connection.bulkGet("0".repeat(32), null)).rejects.toMatchObject({ reason: "disconnected" });
    await expect(connection.bulkPut(ticket, Readable.from(["x"]))).rejects.toThrow();
  });

  it("ends a client's tickets with its connection, and follows no link", async () => {
    const [one, two] = [await client(), await client()];
    fs.symlinkSync("/etc/passwd", path.join(folder, "file"));
    const { ticket } = await one.call("bulk/open", bulkFile);
    await expect(two.bulkGet(ticket, null)).rejects.toThrow(/ELOOP/);
    one.close();
    await expect.poll(() => rpc.clientCount()).toBe(1);
    await expect(two.bulkGet(ticket, null)).rejects.toMatchObject({ reason: "disconnected" });
  });

  it("is not hurt by garbage", async () => {
    const bystander = await client();
    for (const noise of [
      "\u0000\u0001garbage\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ]) {
      const socket = await stream();
      socket.on("error", () => undefined);
      socket.write(noise);
      await sleep(20);
      socket.destroy();
    }
    for (const frame of [
      "{",
      "[]",
      '{"jsonrpc":"2.0"}',
      '{"jsonrpc":"1.0","id":1,"method":"hello"}',
      Buffer.from([1, 2, 3]),
      Buffer.from([255, 255, 255, 255, 0]),
    ]) {
      const socket = await rawSocket();
      socket.send(frame);
      await new Promise((resolve) => socket.once("close", resolve));
    }
    const early = await rawSocket();
    early.send('{"jsonrpc":"2.0","id":1,"method":"watch","params":{"trialIds":[]}}');
    const refusal = await new Promise<Buffer>((resolve) => early.once("message", resolve));
    expect(refusal.toString()).toContain("before hello");
    early.send('{"jsonrpc":"2.0","id":2,"method":"no/such","params":{}}');
    const unknown = await new Promise<Buffer>((resolve) => early.once("message", resolve));
    expect(JSON.parse(unknown.toString())).toMatchObject({ id: 2, error: { code: -32601 } });
    early.terminate();
    expect((await bystander.call("series/read", series)).cursor).toBe(5);
  });

  it("turns away a client of another major version, and says whom to update", async () => {
    const socket = await rawSocket();
    socket.send(
      '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":{"major":2,"minor":0},"client":{"name":"x","version":"9.0.0"}}}',
    );
    const answer = JSON.parse(
      (await new Promise<Buffer>((resolve) => socket.once("message", resolve))).toString(),
    ) as object;
    expect(answer).toMatchObject({ error: { code: -32004, data: { remedy: "Update the pool server." } } });
    socket.terminate();
  });

  it("takes over a dead server's socket and not a living one's", async () => {
    const second = createRpc(silent);
    await expect(second.listen(socketPath, {} as Handlers)).rejects.toThrow("Another server answers");
    await second.close();
    expect(fs.existsSync(socketPath)).toBe(true);
    await client();

    const dead = path.join(folder, "s", "dead.sock");
    const leftover = net.createServer().listen(dead);
    await new Promise((resolve) => leftover.once("listening", resolve));
    fs.renameSync(dead, `${dead}.moved`); // closing would remove the file
    leftover.close();
    fs.renameSync(`${dead}.moved`, dead);
    const third = createRpc(silent);
    await third.listen(dead, {} as Handlers);
    await third.close();
  });
});

async function rawSocket(): Promise<WebSocket> {
  const socket = new WebSocket("ws://pool/", [SUBPROTOCOL], {
    createConnection: () => net.connect(socketPath),
  });
  await new Promise((resolve) => socket.once("open", resolve));
  return socket;
}
