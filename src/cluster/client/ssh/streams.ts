/** Streams to the pool server's socket: forwarded by the host's SSH server, else joined by our host program. */
import { Duplex, Transform } from "node:stream";
import type { OpenStream } from "../connection.ts";
import { UserError } from "../userError.ts";
import { BRIDGE, MARK } from "./hostScripts.ts";
import { lines, type Ready } from "./prepareHost.ts";
import { ChannelRefused, type HostSession } from "./session.ts";

/** What rc files may print before the mark. */
const LONGEST_NOISE_BYTES = 1024 * 1024;

export function streamsTo(session: HostSession, ready: Ready): OpenStream {
  let isForbidden = false;
  return async () => {
    if (!isForbidden)
      try {
        return await session.openStream(ready.socket);
      } catch (error) {
        if (!(error instanceof ChannelRefused)) throw error;
      }
    const command = await session.openCommand(BRIDGE).catch((error: unknown) => {
      throw error instanceof ChannelRefused ? tooFewSessions(error) : error;
    });
    command.write(lines(ready.node, ready.program, ready.socket));
    // Something answers that way: then it was forbidden, and is not tried again.
    return afterMark(command, () => (isForbidden = true));
  };
}

function tooFewSessions(cause: Error): UserError {
  return new UserError(
    "The host's SSH server forbids forwarding, and allows a connection too few sessions: one session more was refused.",
    "Ask its administrator for AllowStreamLocalForwarding yes, or a larger MaxSessions (10 by default).",
    { cause },
  );
}

/** The same stream without what comes before the mark. */
function afterMark(stream: Duplex, onMark: () => void): Duplex {
  const mark = Buffer.from(`\n${MARK}\n`);
  let before: Buffer | null = Buffer.from("\n");
  const skip = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (before === null) return done(null, chunk);
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(mark);
      if (at < 0)
        return done(
          before.length > LONGEST_NOISE_BYTES ? new Error("The host's shell prints without end.") : null,
        );
      const rest = before.subarray(at + mark.length);
      before = null;
      onMark();
      done(null, rest);
    },
  });
  stream.once("error", (error: Error) => skip.destroy(error));
  stream.once("close", () => skip.destroy());
  const joined = Duplex.from({ readable: stream.pipe(skip), writable: stream });
  joined.once("close", () => stream.destroy());
  return joined;
}
