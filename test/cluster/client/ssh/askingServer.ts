/** What no sshd asks: ssh2's own server, which speaks the protocol over a real socket. It lets in whoever answers. */
import { once } from "node:events";
import fs from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Server, type KeyboardAuthContext, type Prompt } from "ssh2";
import { onTestFinished } from "vitest";
import type { SshHost } from "../../../../src/cluster/client/ssh/host.ts";
import { temporaryFolder } from "../support.ts";
import { makeKey } from "./host.ts";

export interface Round {
  title: string;
  instructions: string;
  prompts: Prompt[];
}

export const asking = (title: string, instructions: string, prompts: Prompt[]): Round => ({
  title,
  instructions,
  prompts,
});

export async function askingServer(rounds: readonly Round[]): Promise<SshHost> {
  const folder = temporaryFolder("asking");
  const key = path.join(folder, "key");
  makeKey(key, "ed25519");
  const server = new Server({ hostKeys: [fs.readFileSync(key)] }, (client) => {
    client.on("error", () => undefined); // a client that goes away in the middle
    client.on("authentication", (context) => {
      if (context.method === "keyboard-interactive") ask(context, rounds);
      else context.reject(["keyboard-interactive"]);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    alias: "oddhost",
    hostName: "127.0.0.1",
    port,
    user: "ada",
    identityFiles: [],
    identitiesOnly: true,
    agentSocket: null,
    proxyJump: [],
    proxyCommand: null,
    knownHosts: { name: `[127.0.0.1]:${port}`, files: [], strict: true },
    needsSystemSsh: null,
    connectTimeoutMs: 20_000,
  };
}

function ask(context: KeyboardAuthContext, [round, ...rest]: readonly Round[]): void {
  if (round === undefined) return context.accept();
  context.prompt(round.prompts, round.title, round.instructions, () => ask(context, rest));
}
