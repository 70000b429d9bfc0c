/** Clients that are slow, dead, of another version, or up to no good: the others do not notice. */
import { describe, expect, it } from "vitest";
import type { Notification } from "../../../../src/cluster/protocol/methods.ts";
import { closed, HELLO, nextMessage, rig } from "./rig.ts";

const list = () => ({ "experiment/list": () => ({ experiments: [] }) });
const liveOf = (bytes: number): Notification<"live"> => ({
  trialId: "1.1",
  progress: null,
  series: Array.from({ length: Math.ceil(bytes / 1000) }, (_, index) => ({
    trialId: "1.1",
    group: "training",
    name: `${index}`.padEnd(900, "x"),
    rank: 0,
    count: 1,
    revision: 0,
    lastStep: 1,
    lastValue: 1,
    lastAt: 1,
  })),
  output: null,
});

describe("a client that sends what is no call", () => {
  it.each([
    ["a cancellation of nothing", '{"jsonrpc":"2.0","method":"$/cancelRequest"}'],
    ["a cancellation of null", '{"jsonrpc":"2.0","method":"$/cancelRequest","params":null}'],
    ["a batch", "[]"],
    ["a number", "1"],
    ["a message of another JSON-RPC", '{"jsonrpc":"1.0","id":1,"method":"hello"}'],
    ["a deep nest", `${"[".repeat(200_000)}${"]".repeat(200_000)}`],
    ["a binary frame that is cut short", Buffer.from([255, 255, 255, 255, 0])],
    [
      "bytes outside of the frame",
      frameOf('{"jsonrpc":"2.0","id":1,"method":"hello","params":{"$bytes":[0,9]}}'),
    ],
    ["100 MB in one frame", Buffer.alloc(100 * 1024 * 1024)],
  ])("is cut off for %s", async (_, message) => {
    const { raw, connect } = await rig(list);
    const bystander = await connect();
    const socket = await raw();
    socket.send(message);
    expect([4001, 1006, 1009]).toContain(await closed(socket));
    expect(await bystander.call("experiment/list", {})).toEqual({ experiments: [] });
  });

  it.each([
    ["parameters by position", '"method":"hello","params":[1,2,3]', -32003],
    ["parameters of another kind", '"method":"hello","params":"x"', -32003],
    ["a name from the prototype", '"method":"constructor","params":{}', -32601],
    ["a call of a later version", '"method":"no/such"', -32601],
    ["a call before hello", '"method":"experiment/list"', -32002],
  ])("is told that it is none: %s", async (_, call, code) => {
    const { raw } = await rig(list);
    const socket = await raw();
    const answer = nextMessage(socket);
    socket.send(`{"jsonrpc":"2.0","id":1,${call}}`);
    expect(await answer).toMatchObject({ id: 1, error: { code } });
  });

  it("may send answers to questions that nobody asked, and notifications that nobody knows", async () => {
    const { raw } = await rig(list);
    const socket = await raw();
    for (const noise of [
      '{"jsonrpc":"2.0","id":7,"result":1}',
      '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}',
      '{"jsonrpc":"2.0","method":"no/such","params":{}}',
      '{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}',
    ])
      socket.send(noise);
    const answer = nextMessage(socket);
    socket.send(HELLO);
    expect(await answer).toMatchObject({ id: 0, result: {} });
  });

  it("leaves half a handshake, and the server does not wait for it to end", async () => {
    const { stream, connect, rpc } = await rig(list);
    const half = await stream();
    half.write("GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-");
    const refused = await stream();
    const ended = new Promise((resolve) => refused.once("close", resolve));
    refused.resume().write("GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    await ended;
    await (await connect()).call("experiment/list", {});
    expect(rpc.clientCount()).toBe(1);
  });
});

describe("a client of another version", () => {
  it("gets to hear whom to update, by whatever subprotocol it asks, and may stop the server", async () => {
    let stopped = 0;
    const { raw } = await rig(() => ({
      "server/stop": () => {
        stopped++;
        return {};
      },
    }));
    const socket = await raw("trainyard.2");
    const refusal = nextMessage(socket);
    socket.send(HELLO.replace('"major":1', '"major":2'));
    expect(await refusal).toMatchObject({
      error: {
        code: -32004,
        data: { remedy: "Update the pool server.", details: { protocol: { major: 1 } } },
      },
    });
    const answer = nextMessage(socket);
    socket.send('{"jsonrpc":"2.0","id":1,"method":"server/stop","params":{}}');
    expect(await answer).toMatchObject({ id: 1, result: {} });
    expect(stopped).toBe(1);
  });

  it("is served when only its minor version is another", async () => {
    const { raw } = await rig(list);
    const socket = await raw();
    const answer = nextMessage(socket);
    socket.send(HELLO.replace('"minor":0', '"minor":7'));
    expect(await answer).toMatchObject({ result: { protocol: { major: 1, minor: 0 } } });
  });
});

describe("a client that does not read", () => {
  it("is seen to be behind, and cut off before its backlog grows without end", async () => {
    const { raw, connect, rpc, gone, logged } = await rig(() => ({ watch: () => ({}) }));
    const socket = await raw();
    socket.send(HELLO);
    await nextMessage(socket);
    socket.pause();
    const bystander = await connect();
    const live = liveOf(1024 * 1024);
    let largest = 0;
    // As the server's parts do it: who has more than 8 MiB pending is not told more.
    for (let round = 0; round < 100; round++) {
      if (rpc.broadcaster.pendingBytes(1) < 8 * 1024 * 1024) rpc.broadcaster.notify(1, "live", live);
      largest = Math.max(largest, rpc.broadcaster.pendingBytes(1));
      await bystander.call("watch", { trialIds: [] });
    }
    expect(largest).toBeGreaterThan(8 * 1024 * 1024);
    expect(largest).toBeLessThan(10 * 1024 * 1024);
    expect(gone).toEqual([]);
    // Even a part that forgets to ask cannot fill the memory.
    for (let round = 0; round < 100; round++) rpc.broadcaster.notify(1, "live", live);
    await expect.poll(() => gone).toEqual([1]);
    expect(logged.join()).toContain("does not read");
    expect(rpc.broadcaster.pendingBytes(1)).toBe(0);
  });

  it("makes no more answers than it takes away", async () => {
    let served = 0;
    const { raw, connect } = await rig(() => ({
      watch: () => ({}),
      "output/read": () => {
        served++;
        return { bytes: Buffer.alloc(1024 * 1024), offset: 0, size: 0, ended: false };
      },
    }));
    const socket = await raw();
    socket.send(HELLO);
    await nextMessage(socket);
    socket.pause();
    for (let id = 1; id <= 200; id++)
      socket.send(
        `{"jsonrpc":"2.0","id":${id},"method":"output/read","params":{"runId":"1.1.1","stream":"stdout","offset":0,"limit":1}}`,
      );
    const bystander = await connect();
    for (let round = 0; round < 300; round++) await bystander.call("watch", { trialIds: [] });
    expect(served).toBeLessThan(40);
    let received = 0;
    const all = new Promise<void>((resolve) => {
      socket.on("message", () => {
        if (++received === 200) resolve();
      });
    });
    socket.resume();
    await all;
    expect(served).toBe(200);
  });

  it("is cut off when it does not answer pings, and only then", async () => {
    const { raw, connect, rpc } = await rig(list, { pingMs: 100, socketCheckMs: 5000 });
    const bystander = await connect();
    const socket = await raw();
    socket.send(HELLO);
    await nextMessage(socket);
    socket.pause();
    await expect.poll(() => rpc.clientCount(), { timeout: 10_000 }).toBe(1);
    expect(await bystander.call("experiment/list", {})).toEqual({ experiments: [] });
  });
});

describe("an answer that is too long for a message", () => {
  it("fails that call alone", async () => {
    const { connect } = await rig(() => ({
      ...list(),
      "snapshot/file": () => ({ bytes: Buffer.alloc(65 * 1024 * 1024) }),
    }));
    const connection = await connect();
    await expect(connection.call("snapshot/file", { experimentId: 1, path: "x" })).rejects.toMatchObject({
      reason: "failed",
      message: expect.stringContaining("64 MiB") as string,
    });
    expect(await connection.call("experiment/list", {})).toEqual({ experiments: [] });
  });

  it("fails a question that is too long before it is sent", async () => {
    const { connect } = await rig(() => ({ ...list(), watch: () => ({}) }));
    const connection = await connect();
    await expect(connection.call("watch", { trialIds: ["x".repeat(65 * 1024 * 1024)] })).rejects.toThrow(
      "64 MiB",
    );
    expect(await connection.call("experiment/list", {})).toEqual({ experiments: [] });
  });
});

function frameOf(json: string): Buffer {
  const head = Buffer.from(json);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head]);
}
