/** One connection to a host, whoever makes it: `ssh2` (ssh2Session.ts), or the system's `ssh` (systemSession.ts). */
import type { Duplex } from "node:stream";

export interface HostSession {
  /** Runs a command that is a constant of ours; what varies goes to its standard input. */
  run(command: string, options?: RunOptions): Promise<Ran>;
  /** A stream to a Unix socket of the host. @throws ChannelRefused: OpenSSH says the same of a forbidden forwarding and of no socket */
  openStream(socketPath: string): Promise<Duplex>;
  /** A stream to a TCP port that the host can reach. What stands in the way may only be told by the stream. @throws ChannelRefused */
  openPort(host: string, port: number): Promise<Duplex>;
  /** A stream to the standard input and output of a command that is a constant of ours. @throws ChannelRefused */
  openCommand(command: string): Promise<Duplex>;
  /** A terminal that a command, a constant of ours, runs in. @throws ChannelRefused */
  openTerminal(command: string, size: TerminalSize): Promise<TerminalChannel>;
  /** Told once, at once when it is over already. */
  onClosed(listener: (reason: string) => void): void;
  close(): void;
}

export interface TerminalSize {
  columns: number;
  rows: number;
}

export interface TerminalChannel {
  stream: Duplex;
  /** Null where it can only be done over there (`stty`), as a program has no terminal here. */
  resize: ((size: TerminalSize) => void) | null;
  /** The exit code; null where a signal or the end of the connection ended it. */
  ended: Promise<number | null>;
}

export interface RunOptions {
  input?: Buffer | AsyncIterable<Buffer>;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

export interface Ran {
  /** Null where it ended by a signal, or the server does not say. */
  code: number | null;
  /** Bounded: what is beyond MAX_OUTPUT_BYTES is dropped. */
  stdout: string;
  stderr: string;
}

/** What the editor's terminal understands. */
export const TERMINAL_TYPE = "xterm-256color";
export const MAX_OUTPUT_BYTES = 1024 * 1024;

export class ChannelRefused extends Error {
  override readonly name = "ChannelRefused";
}
