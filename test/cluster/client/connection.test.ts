/** The editor's end against pools that lie, stall and break off. What an honest pool does is in server/rpc/listen.test.ts. */
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { connect, type PoolConnection } from "../../../src/cluster/client/connection.ts";
import { SUBPROTOCOL } from "../../../src/cluster/protocol/version.ts";
import { POOL, rig } from "../server/rpc/rig.ts";

interface Lie {
  /** @returns the whole answer to the call, or null for none */
  answer: (method: string, socket: WebSocket) => object | string | null;
  http?: http.RequestListener;
}

/** A server on a real socket that says whatever a test wants. */
async function liar({ answer, http: listener }: Lie): Promise<() => Promise<net.Socket>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-liar-"));
  const server = http.createServer(listener);
  const webSockets = new WebSocketServer({ server, handleProtocols: () => SUBPROTOCOL });
  webSockets.on("connection", (socket) => {
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer) => {
      const { id, method } = JSON.parse(data.toString("utf8")) as { id?: number; method: string };
      const told = id === undefined ? null : answer(method, socket);
      if (told !== null)
        socket.send(typeof told === "string" ? told : JSON.stringify({ jsonrpc: "2.0", id, ...told }));
    });
  });
  const socketPath = path.join(folder, "s");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  onTestFinished(() => {
    for (const socket of webSockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
    fs.rmSync(folder, { recursive: true });
  });
  return () => streamTo(socketPath);
}
function streamTo(socketPath: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath, () => resolve(socket));
    socket.once("error", reject);
  });
}
const hello = { result: { protocol: { major: 1, minor: 0 }, pool: POOL } };
const me = { name: "test", version: "0.1.0" };
async function open(lie: Lie): Promise<PoolConnection> {
  const connection = await connect(await liar(lie), me);
  onTestFinished(() => connection.close());
  return connection;
}

describe("connecting", () => {
  it("fails as the stream does", async () => {
    await expect(connect(() => streamTo("/nowhere/at/all"), me)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("says so when what answers is something else", async () => {
    const server = http.createServer((_request, response) => response.writeHead(426).end("no"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const dial = () =>
      new Promise<net.Socket>((resolve) => {
        const socket = net.connect(port, "127.0.0.1", () => resolve(socket));
      });
    await expect(connect(dial, me)).rejects.toMatchObject({
      reason: "version",
      remedy: expect.stringContaining("Update") as string,
    });
  });

  it.each([
    ["an empty answer", { result: {} }, "protocol"],
    ["a pool without an id", { result: { ...hello.result, pool: {} } }, "protocol"],
    ["a refusal", { error: { code: -32004, message: "too old", data: { remedy: "Update." } } }, "version"],
    ["an error without sense", { error: { code: 7, message: "x", data: [1] } }, "failed"],
    ["what is no message", "][", "disconnected"],
  ])("ends with a reason at %s", async (_, told, reason) => {
    await expect(open({ answer: () => told })).rejects.toMatchObject({ reason });
  });

  it("works over any duplex stream", async () => {
    const { stream } = await rig(() => ({ "experiment/list": () => ({ experiments: [] }) }));
    // As a channel of something else would be: no socket, no file descriptor.
    const { Duplex } = await import("node:stream");
    const dial = async () => {
      const [socket, out] = [await stream(), new PassThrough()];
      out.pipe(socket);
      return Duplex.from({ readable: socket, writable: out });
    };
    const connection = await connect(dial, me);
    expect(await connection.call("experiment/list", {})).toEqual({ experiments: [] });
    connection.close();
  });
});

describe("a call", () => {
  it("does not believe what it is told", async () => {
    const connection = await open({
      answer: (method) =>
        method === "hello" ? hello : { result: { experiments: [{ id: 1, name: "<script>" }] } },
    });
    await expect(connection.call("experiment/list", {})).rejects.toMatchObject({ reason: "protocol" });
  });

  it("ends with the connection, and so does every later one", async () => {
    const connection = await open({
      answer: (method, socket) => {
        if (method === "hello") return hello;
        socket.terminate();
        return null;
      },
    });
    const reasons: string[] = [];
    connection.onClosed((reason) => void reasons.push(reason));
    await expect(connection.call("experiment/list", {})).rejects.toMatchObject({ reason: "disconnected" });
    await expect(connection.call("experiment/list", {})).rejects.toMatchObject({ reason: "disconnected" });
    connection.onClosed((reason) => void reasons.push(reason));
    expect(reasons).toEqual(["the connection ended", "the connection ended"]);
  });

  it("can be given up before and while it waits, and later answers do no harm", async () => {
    const answers: (() => void)[] = [];
    const connection = await open({
      answer: (method, socket) => {
        if (method === "hello") return hello;
        if (method !== "experiment/list") return { result: {} };
        answers.push(() => socket.send('{"jsonrpc":"2.0","id":1,"result":{"experiments":[]}}'));
        return null;
      },
    });
    const reason = new Error("the panel was closed");
    await expect(connection.call("experiment/list", {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(answers).toHaveLength(0);
    const giveUp = new AbortController();
    const call = connection.call("experiment/list", {}, { signal: giveUp.signal });
    await expect.poll(() => answers.length).toBe(1);
    giveUp.abort(reason);
    await expect(call).rejects.toBe(reason);
    for (const answer of answers) answer();
    expect(await connection.call("watch", { trialIds: [] })).toEqual({});
  });
});

describe("bulk transfers", () => {
  const ticket = "0".repeat(32);

  it("fail when fewer bytes come than were announced", async () => {
    const connection = await open({
      answer: () => hello,
      http: (_request, response) => {
        response.writeHead(200, { "content-length": 100 }).write("0123456789");
        setTimeout(() => response.destroy(), 20);
      },
    });
    await expect(buffer(await connection.bulkGet(ticket, null))).rejects.toThrow();
  });

  it("do not take the whole for a part", async () => {
    const connection = await open({
      answer: () => hello,
      http: (_request, response) => void response.writeHead(200).end("0123456789"),
    });
    await expect(connection.bulkGet(ticket, { start: 3, end: 4 })).rejects.toMatchObject({
      reason: "failed",
    });
  });

  it("listen to no more than a refusal's first words", async () => {
    const connection = await open({
      answer: () => hello,
      http: (_request, response) => {
        response.writeHead(500);
        Readable.from(endless()).pipe(response);
      },
    });
    const error = await connection.bulkGet(ticket, null).catch((reason: unknown) => reason as Error);
    expect((error as Error).message.length).toBeLessThan(1100);
  });

  it("tell why the source broke, not that the pipe did", async () => {
    const connection = await open({
      answer: () => hello,
      http: (request, response) => void request.resume().once("end", () => response.end()),
    });
    const source = Readable.from(
      (async function* () {
        yield Buffer.alloc(10);
        await Promise.resolve();
        throw new Error("git was killed");
      })(),
    );
    await expect(connection.bulkPut(ticket, source)).rejects.toThrow("git was killed");
  });

  it("end when they are given up", async () => {
    const connection = await open({
      answer: () => hello,
      http: (_request, response) => void Readable.from(endless()).pipe(response),
    });
    const giveUp = new AbortController();
    const body = await connection.bulkGet(ticket, null, giveUp.signal);
    const read = buffer(body);
    giveUp.abort();
    await expect(read).rejects.toMatchObject({ name: "AbortError" });
    await expect(connection.bulkGet(ticket, null, giveUp.signal)).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(1024, "x");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
