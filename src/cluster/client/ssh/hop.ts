/** The stream that an SSH connection runs over: TCP, a channel through the hop before, or a person's own ProxyCommand. */
import { spawn } from "node:child_process";
import net from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { UserError } from "../userError.ts";
import { childStream } from "./childStream.ts";
import type { SshHost } from "./host.ts";

/**
 * The system repeats a lost packet that opens a connection after 1, 3, 7 seconds: when the way is free again in between,
 * it is met by a packet of a connection that was begun since.
 */
const DIAL_AGAIN_MS = 500;

/** @throws UserError */
export function dial({ hostName, port, connectTimeoutMs }: SshHost, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<net.Socket>();
    const settle = (chosen: net.Socket | null): void => {
      clearInterval(again);
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      for (const socket of sockets) if (socket !== chosen) socket.destroy();
    };
    const fail = (error: Error): void => {
      settle(null);
      reject(error);
    };
    const onAbort = (): void => fail(signal?.reason as Error);
    const begin = (): void => {
      const socket = net.connect({ host: hostName, port });
      sockets.add(socket);
      socket.setNoDelay(true);
      const onError = (error: NodeJS.ErrnoException): void =>
        fail(refusal(hostName, port, error.code ?? error.message, error));
      socket.once("error", onError);
      socket.once("connect", () => {
        socket.off("error", onError);
        settle(socket);
        resolve(socket);
      });
    };
    const again = setInterval(begin, DIAL_AGAIN_MS);
    const timer = setTimeout(() => fail(refusal(hostName, port, "ETIMEDOUT")), connectTimeoutMs);
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    begin();
  });
}

/** Through a host that is connected already (ProxyJump). */
export function dialThrough(before: Client, { hostName, port }: SshHost): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    before.forwardOut("127.0.0.1", 0, hostName, port, (error, channel) => {
      if (error)
        reject(
          new UserError(
            `The jump host cannot reach ${hostName}:${port}: ${error.message}.`,
            "Check the name, and that the jump host may forward connections (AllowTcpForwarding).",
            { cause: error },
          ),
        );
      else resolve(channel);
    });
  });
}

/** The person's own program, by their own shell, as OpenSSH runs it; nothing of ours is put into it. */
export function dialByCommand(command: string): Duplex {
  const child = spawn("/bin/sh", ["-c", `exec ${command}`], { stdio: ["pipe", "pipe", "pipe"] });
  return childStream(child, (code, words) =>
    code ? new UserError(`The ProxyCommand ended with code ${code}. ${words}`) : null,
  );
}

/** @param code of the system: ECONNREFUSED, ... */
export function refusal(hostName: string, port: number, code: string, cause?: Error): UserError {
  const where = `${hostName}:${port}`;
  const known: Record<string, [string, string]> = {
    ENOTFOUND: [`There is no host ${hostName}.`, "Check its name, the network, and whether a VPN is needed."],
    EAI_AGAIN: [
      `The name ${hostName} cannot be looked up now.`,
      "Check the network, and whether a VPN is needed.",
    ],
    ECONNREFUSED: [`Nobody listens at ${where}.`, "Check the port, and that the host's SSH server runs."],
    ETIMEDOUT: [
      `${where} does not answer.`,
      "Check the network, and whether a VPN or a jump host is needed.",
    ],
    EHOSTUNREACH: [
      `There is no way to ${where}.`,
      "Check the network, and whether a VPN or a jump host is needed.",
    ],
    ENETUNREACH: [
      `There is no way to ${where}.`,
      "Check the network, and whether a VPN or a jump host is needed.",
    ],
  };
  const [message, remedy] = known[code] ?? [`${where} cannot be reached: ${code}.`, "Check the network."];
  return new UserError(message, remedy, cause ? { cause } : undefined);
}
