/** A listening server with the handlers of a test, and real sockets to it. */
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { connect, type PoolConnection } from "../../../../src/cluster/client/connection.ts";
import { SUBPROTOCOL } from "../../../../src/cluster/protocol/version.ts";
import type { Handlers } from "../../../../src/cluster/server/ports.ts";
import { createRpc, type Rpc } from "../../../../src/cluster/server/rpc/listen.ts";

export const POOL = {
  id: "00000000-0000-0000-0000-000000000000",
  host: "h",
  folder: "/p",
  account: "a",
  serverVersion: "0.1.0",
  serverPid: 1,
  startedAt: 0,
};
export const HELLO =
  '{"jsonrpc":"2.0","id":0,"method":"hello","params":{"protocol":{"major":1,"minor":0},"client":{"name":"x","version":"0"}}}';

export interface Rig {
  rpc: Rpc;
  folder: string;
  socketPath: string;
  logged: string[];
  /** A well-behaved client. */
  connect: () => Promise<PoolConnection>;
  stream: () => Promise<net.Socket>;
  /** A WebSocket that has not said hello. */
  raw: (subprotocol?: string) => Promise<WebSocket>;
  /** Ids of the clients that are gone. */
  gone: number[];
}

export async function rig(
  handlers: (rpc: Rpc, folder: string) => object = () => ({}),
  intervals = { pingMs: 30_000, socketCheckMs: 5_000 },
): Promise<Rig> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-rpc-"));
  const socketPath = path.join(folder, "s", "pool.sock");
  const logged: string[] = [];
  const log = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const rpc = createRpc({ info: log, warn: log, error: log }, intervals);
  const gone: number[] = [];
  rpc.onClientGone((id) => void gone.push(id));
  await rpc.listen(socketPath, {
    hello: () => ({ protocol: { major: 1, minor: 0 }, pool: POOL }),
    ...handlers(rpc, folder),
  } as unknown as Handlers);
  const connections: PoolConnection[] = [];
  const sockets: (net.Socket | WebSocket)[] = [];
  onTestFinished(async () => {
    for (const connection of connections) connection.close();
    for (const socket of sockets)
      if (socket instanceof WebSocket) socket.terminate();
      else socket.destroy();
    await rpc.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const stream = () =>
    new Promise<net.Socket>((resolve, reject) => {
      const socket = net.connect(socketPath, () => resolve(socket));
      socket.once("error", reject);
      sockets.push(socket);
    });
  return {
    rpc,
    folder,
    socketPath,
    logged,
    gone,
    stream,
    async connect() {
      const connection = await connect(stream, { name: "test", version: "0.1.0" });
      connections.push(connection);
      return connection;
    },
    async raw(subprotocol = SUBPROTOCOL) {
      const socket = new WebSocket("ws://pool/", [subprotocol], {
        createConnection: () => net.connect(socketPath),
      });
      sockets.push(socket);
      socket.on("error", () => undefined);
      await new Promise((resolve) => socket.once("open", resolve));
      return socket;
    },
  };
}

export function closed(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once("close", resolve));
}
export function nextMessage(socket: WebSocket): Promise<Record<string, unknown>> {
  return new Promise((resolve) =>
    socket.once("message", (data: Buffer) =>
      resolve(JSON.parse(data.toString("utf8")) as Record<string, unknown>),
    ),
  );
}
