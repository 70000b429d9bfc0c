/** The socket's file: made for us alone, and made again when somebody cleans it away. */
import fs from "node:fs";
import type http from "node:http";
import { messageOf } from "../errors.ts";
import type { Logger } from "../ports.ts";
import { prepareSocketFolder, removeStaleSocket } from "./socketFolder.ts";

/** @throws Error when the socket cannot be ours */
export async function listenAt(server: http.Server, socketPath: string): Promise<void> {
  prepareSocketFolder(socketPath);
  await removeStaleSocket(socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, () => {
      server.off("error", reject);
      resolve();
    });
  });
  fs.chmodSync(socketPath, 0o600);
}

/**
 * The system empties $XDG_RUNTIME_DIR when an account's last session ends, and /tmp when files are old; the server, and
 * what trains, lives on and must be found again.
 */
export function keepSocket(
  server: http.Server,
  socketPath: string,
  logger: Logger,
  intervalMs: number,
): NodeJS.Timeout {
  let isAtWork = false;
  let hasComplained = false;
  const timer = setInterval(() => {
    if (isAtWork || fs.existsSync(socketPath)) return;
    isAtWork = true;
    server.close(); // stops listening; who is connected stays
    listenAt(server, socketPath)
      .then(() => {
        hasComplained = false;
        logger.warn("the socket was gone and has been made again", { socketPath });
      })
      .catch((error: unknown) => {
        // The folder may come back with the next session.
        if (!hasComplained)
          logger.warn("the socket is gone and cannot be made", { socketPath, error: messageOf(error) });
        hasComplained = true;
      })
      .finally(() => (isAtWork = false));
  }, intervalMs);
  return timer.unref();
}
