/** The server's ear: HTTP on a Unix socket, a WebSocket for each client, bulk transfers beside them. */
import http from "node:http";
import { WebSocketServer, type WebSocket } from "ws";
import { MAX_MESSAGE_BYTES } from "../../protocol/frame.ts";
import { SUBPROTOCOL_OF_ANY_VERSION } from "../../protocol/version.ts";
import type { Broadcaster, Handlers, Logger, Tickets } from "../ports.ts";
import { Bulk } from "./bulk.ts";
import { Client } from "./client.ts";
import { keepSocket, listenAt } from "./socket.ts";

const INTERVALS = { pingMs: 30_000, socketCheckMs: 5_000 };

export interface Rpc {
  broadcaster: Broadcaster;
  tickets: Tickets;
  clientCount(): number;
  /** Called with the id of each client that is gone. */
  onClientGone(listener: (clientId: number) => void): void;
  /** From here on clients are served. @throws Error when the socket cannot be ours */
  listen(socketPath: string, handlers: Handlers): Promise<void>;
  close(): Promise<void>;
}

export function createRpc(logger: Logger, intervals = INTERVALS): Rpc {
  const clients = new Map<number, Client>();
  const goneListeners: ((clientId: number) => void)[] = [];
  const bulk = new Bulk(logger);
  let nextId = 1;
  let keeper: NodeJS.Timeout | undefined;

  const server = http.createServer((request, response) => void bulk.handle(request, response));
  server.requestTimeout = 0; // gigabytes over a slow line take as long as they take
  server.on("clientError", (_error, socket) => socket.destroy());
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    // Of any version: hello tells those of another one what to update.
    handleProtocols: (offered) => [...offered].find((name) => SUBPROTOCOL_OF_ANY_VERSION.test(name)) ?? false,
  });

  const pings = setInterval(() => {
    for (const client of clients.values()) client.checkAlive();
  }, intervals.pingMs);
  pings.unref();

  function welcome(socket: WebSocket, handlers: Handlers): void {
    const id = nextId++;
    socket.on("error", (error) =>
      logger.warn("a client's socket failed", { clientId: id, error: error.message }),
    );
    socket.on("close", () => {
      clients.delete(id);
      bulk.forget(id);
      for (const listener of goneListeners) listener(id);
    });
    clients.set(id, new Client(id, socket, handlers, logger));
  }

  return {
    broadcaster: {
      notify: (clientId, name, value) => clients.get(clientId)?.notify(name, value),
      pendingBytes: (clientId) => clients.get(clientId)?.pendingBytes ?? 0,
    },
    tickets: bulk,
    clientCount: () => clients.size,
    onClientGone: (listener) => void goneListeners.push(listener),
    async listen(socketPath, handlers) {
      server.on("upgrade", (request, socket, head) => {
        const offered = request.headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim());
        if (offered?.some((name) => SUBPROTOCOL_OF_ANY_VERSION.test(name)))
          return webSockets.handleUpgrade(request, socket, head, (webSocket) => welcome(webSocket, handlers));
        socket.on("error", () => socket.destroy());
        socket.once("finish", () => socket.destroy());
        return socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      });
      await listenAt(server, socketPath);
      keeper = keepSocket(server, socketPath, logger, intervals.socketCheckMs);
    },
    async close() {
      clearInterval(pings);
      clearInterval(keeper);
      for (const client of clients.values()) client.end();
      webSockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
