/** A login shell on a host, in a folder of it. The command is a constant: the folder travels as input, before the shell reads any. */
import type { Duplex } from "node:stream";
import { UserError } from "../userError.ts";
import { MARK, RESIZE, SHELL } from "./hostScripts.ts";
import { lines } from "./prepareHost.ts";
import type { HostSession, TerminalSize } from "./session.ts";

/** What rc files may print before the mark. */
const LONGEST_NOISE_BYTES = 1024 * 1024;
/** A terminal takes lines of up to 4095 bytes. */
const LONGEST_FOLDER_BYTES = 4000;
const REFUSED = "The host's SSH server opens no terminal beside this connection.";
const REMEDY = "Ask its administrator for PermitTTY yes, or a larger MaxSessions (10 by default).";
/** The terminal's name; where the host gives none, `tty` says so in words. */
const AFTER_MARK = new RegExp(`${MARK}\r?\n([^\r\n]*)\r?\n`);

export interface Shell {
  /** Once, for everything that it shows. */
  listen(onOutput: (bytes: Buffer) => void): void;
  write(text: string): void;
  resize(size: TerminalSize): void;
  /** The exit code; null where a signal or the end of the connection ended it. */
  ended: Promise<number | null>;
  close(): void;
}

/** @param folder absolute, on the host; null for the home folder @throws UserError */
export async function openShell(
  session: HostSession,
  folder: string | null,
  size: TerminalSize,
): Promise<Shell> {
  // Control characters would be obeyed by the terminal that the folder travels through.
  if (
    folder !== null &&
    (!/^\/[^\p{Cc}]*$/u.test(folder) || Buffer.byteLength(folder) > LONGEST_FOLDER_BYTES)
  )
    throw new UserError(
      `${JSON.stringify(folder.slice(0, 200))} is no folder that a terminal could begin in.`,
    );
  const terminal = await session.openTerminal(SHELL, size).catch((error: unknown) => {
    throw error instanceof UserError ? error : new UserError(REFUSED, REMEDY, { cause: error });
  });
  const { stream, ended } = terminal;
  const name = await untilMark(stream).catch((error: unknown) => {
    stream.destroy();
    throw error;
  });
  stream.write(lines(folder ?? "", String(size.rows), String(size.columns)));
  const resizeThere = ({ columns, rows }: TerminalSize): void =>
    // A size that cannot be told is no harm.
    void session.run(RESIZE, { input: lines(name, String(rows), String(columns)) }).catch(() => undefined);
  return {
    listen: (onOutput) => void stream.on("data", onOutput).resume(),
    write: (text) => void stream.write(text),
    resize: terminal.resize ?? resizeThere,
    ended,
    close: () => void stream.destroy(),
  };
}

/** @returns the terminal's name over there; what follows it is left in the stream */
function untilMark(stream: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let before = Buffer.alloc(0);
    const fail = (): void => {
      settle();
      reject(new UserError(REFUSED, REMEDY, { cause: before.toString("utf8").slice(-300) }));
    };
    const settle = (): void => {
      stream.off("data", onData).off("close", fail).off("end", fail).pause();
    };
    const onData = (chunk: Buffer): void => {
      before = Buffer.concat([before, chunk]);
      const text = before.toString("latin1");
      const found = AFTER_MARK.exec(text);
      if (found === null) {
        if (before.length > LONGEST_NOISE_BYTES) fail();
        return;
      }
      const [all, name = ""] = found;
      if (!/^\/dev\/(pts\/|tty)\d{1,6}$/.test(name)) return fail();
      settle();
      const rest = before.subarray(found.index + all.length);
      if (rest.length > 0) stream.unshift(rest);
      resolve(name);
    };
    stream.on("data", onData).once("close", fail).once("end", fail);
    stream.on("error", () => undefined); // its end says it
  });
}
