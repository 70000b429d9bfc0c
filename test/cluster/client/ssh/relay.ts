/** A way to a port of this machine that takes its time: every byte arrives so much later. */
import net from "node:net";
import { onTestFinished } from "vitest";

export interface Relay {
  port: number;
  /** Connections that were made through it, and those that are open. */
  made: () => number;
  open: () => number;
  sentBytes: () => number;
  /** Ends the connections that there are, and takes no others until it is up again. */
  down: () => void;
  up: () => void;
}

/** @param most connections that it takes; more are closed at once */
export async function startRelay(port: number, delayMs: number, most = Infinity): Promise<Relay> {
  const sockets = new Set<net.Socket>();
  let made = 0;
  let sentBytes = 0;
  let isDown = false;
  const server = net.createServer((near) => {
    made += 1;
    near.on("error", () => undefined); // its close follows
    if (made > most || isDown) return void near.destroy();
    const far = net.connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      if (from === near) sockets.add(near);
      from.setNoDelay(true);
      from.on("data", (chunk) => {
        if (from === far) sentBytes += chunk.length;
        setTimeout(() => to.write(chunk), delayMs);
      });
      far.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(near);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const down = (): void => {
    isDown = true;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    down();
    server.close();
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    made: () => made,
    open: () => sockets.size,
    sentBytes: () => sentBytes,
    down,
    up: () => void (isDown = false),
  };
}
