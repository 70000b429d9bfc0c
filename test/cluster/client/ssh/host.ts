/** A real sshd for one test, and what an SSH configuration would say of it. */
import os from "node:os";
import { onTestFinished } from "vitest";
import { type Sshd, startSshd as start } from "../../../../scripts/ssh/sshd.mts";
import type { SshHost } from "../../../../src/cluster/client/ssh/host.ts";

export { makeKey } from "../../../../scripts/ssh/sshd.mts";

export interface TestHost extends Sshd {
  host: (change?: Partial<SshHost>) => SshHost;
}

/** @param settings lines of sshd_config that come first, and so win */
export async function startSshd(settings: readonly string[] = []): Promise<TestHost> {
  const sshd = await start(settings);
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
