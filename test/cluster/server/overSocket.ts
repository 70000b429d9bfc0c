/** What a client does with a server that is a process of its own. */
import net from "node:net";
import { Readable } from "node:stream";
import { connect, type PoolConnection } from "../../../src/cluster/client/connection.ts";
import { submission, type SubmitChanges } from "./testServer.ts";
import { createSender } from "./trees/sender.ts";

export function connectTo(socketPath: string): Promise<PoolConnection> {
  return connect(
    () =>
      new Promise((resolve, reject) => {
        const socket = net.connect(socketPath, () => resolve(socket));
        socket.once("error", reject);
      }),
    { name: "test", version: "0.0.0" },
  );
}

/** Sends the snapshot as a client does, and submits. @returns the trial */
export async function submitOver(
  pool: PoolConnection,
  script: string,
  changes?: SubmitChanges,
): Promise<string> {
  using sender = createSender();
  sender.write({ "train.py": script });
  const tree = sender.tree();
  const { ticket } = await pool.call("snapshot/begin", { tree, bases: [] });
  if (ticket !== null) {
    await pool.bulkPut(ticket, Readable.from([sender.pack(tree)], { objectMode: false }));
    await pool.call("snapshot/finish", { tree, ticket });
  }
  return (await pool.call("experiment/submit", submission(tree, changes))).trialId ?? "";
}
