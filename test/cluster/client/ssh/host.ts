/** A real sshd for one test, and what an SSH configuration would say of it. */
import os from "node:os";
import { onTestFinished } from "vitest";
import { type Sshd, type SshdOptions, startSshd as start } from "../../../../scripts/ssh/sshd.mts";
import type { SshHost } from "../../../../src/cluster/client/ssh/host.ts";

export { makeKey, startAgent } from "../../../../scripts/ssh/sshd.mts";

export interface TestHost extends Sshd {
  host: (change?: Partial<SshHost>) => SshHost;
}

/** As scripts/ssh/sshd.mts starts it, until the test ends. */
export async function startSshd(
  settings: readonly string[] = [],
  options: SshdOptions = {},
): Promise<TestHost> {
  const sshd = await start(settings, options);
  onTestFinished(sshd.stop);
  return {
    ...sshd,
    host: (change = {}) => ({
      alias: "testhost",
      hostName: "127.0.0.1",
      port: sshd.port,
      user: os.userInfo().username,
      identityFiles: [sshd.identity],
      identitiesOnly: true,
      agentSocket: null,
      proxyJump: [],
      proxyCommand: null,
      knownHosts: { name: `[127.0.0.1]:${sshd.port}`, files: [sshd.knownHosts], strict: true },
      needsSystemSsh: null,
      connectTimeoutMs: 20_000,
      ...change,
    }),
  };
}
