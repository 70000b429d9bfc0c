import os from "node:os";
import path from "node:path";
import { ensureSshd, startAgent, startSshd } from "../ssh/sshd.mts";

export interface DemoHost {
  /** What is typed into Add Pool. */
  readonly destination: string;
  /** The name that the pool gets. */
  readonly name: string;
  /** For VS Code: where the agent is. */
  readonly env: Readonly<Record<string, string>>;
  /** The pool's folder where it can be looked into from here, to compare what came back with what is there. */
  readonly pool: string | null;
}

/** A host of the person's SSH configuration, or (`loopback`) an sshd that ends with this process. */
export async function demoHost(host: string): Promise<DemoHost> {
  const agent = process.env.SSH_AUTH_SOCK;
  if (host !== "loopback") {
    const name = host.replace(/^.*@/, "").replace(/:\d+$/, "");
    return { destination: host, name, env: agent === undefined ? {} : { SSH_AUTH_SOCK: agent }, pool: null };
  }
  await ensureSshd();
  const sshd = await startSshd();
  const { socket } = await startAgent(sshd.folder, sshd.identity);
  return {
    destination: `${os.userInfo().username}@127.0.0.1:${sshd.port}`,
    name: "127.0.0.1",
    env: { SSH_AUTH_SOCK: socket },
    pool: path.join(sshd.folder, "own-home", ".trainyard"),
  };
}
