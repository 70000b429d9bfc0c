/** The host of a pool that is elsewhere, for what is not the pool's: a shell there, and what listens on its loopback. */
import type { Duplex } from "node:stream";
import { UserError } from "../userError.ts";
import { ChannelRefused, type HostSession, type TerminalSize } from "./session.ts";
import { openShell, type Shell } from "./shell.ts";

export interface PoolHost {
  /** @param folder absolute, there; null for the home folder @throws UserError */
  openShell(folder: string | null, size: TerminalSize): Promise<Shell>;
  /** To 127.0.0.1 there. What stands in the way may only be told by the stream. @throws UserError */
  openPort(port: number): Promise<Duplex>;
  /** Told once, at once when it is over already. */
  onClosed(listener: (reason: string) => void): void;
}

export function poolHost(session: HostSession, name: string): PoolHost {
  return {
    openShell: (folder, size) => openShell(session, folder, size),
    openPort: async (port) => {
      try {
        return await session.openPort("127.0.0.1", port);
      } catch (error) {
        if (!(error instanceof ChannelRefused)) throw error;
        throw new UserError(
          `Port ${port} of ${name} could not be reached.`,
          "Check that something listens there on 127.0.0.1, and that its SSH server has AllowTcpForwarding yes.",
          { cause: error },
        );
      }
    },
    onClosed: (listener) => session.onClosed(listener),
  };
}
