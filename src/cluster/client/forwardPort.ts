/** A port of a pool's host as a port of this machine's loopback, which nobody else's machine reaches. */
import { once } from "node:events";
import net from "node:net";
import { type Duplex, pipeline } from "node:stream";

const LOOPBACK = "127.0.0.1";
/** One end has gone while the other still had a word to say: the way that connections end. */
const HANGING_UP = ["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED"];

export interface ForwardedPort {
  /** At 127.0.0.1, here. */
  localPort: number;
  /** Ends what goes through it, too. */
  close: () => void;
}

/**
 * @param wanted its number here, where that is free; 0 for any. Of a host that is this machine, a port that nobody listens on
 * must not be wanted: it would lead to itself
 * @param open a stream to it. @param onProblem told for each connection that could not be carried
 */
export async function forwardPort(
  wanted: number,
  open: () => Promise<Duplex>,
  onProblem: (error: unknown) => void,
): Promise<ForwardedPort> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined); // who connected here has gone
    open().then(
      (stream) => {
        stream.once("error", (error: NodeJS.ErrnoException) => {
          if (!HANGING_UP.includes(error.code ?? "")) onProblem(error);
        });
        pipeline(socket, stream, socket, () => undefined);
      },
      (error: unknown) => {
        socket.destroy();
        onProblem(error);
      },
    );
  });
  const localPort = await listen(server, wanted).catch(() => listen(server, 0));
  return {
    localPort,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: net.Server, port: number): Promise<number> {
  server.listen({ host: LOOPBACK, port, exclusive: true });
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}
