/** Adding a pool on an SSH host, and forgetting one. */
import * as vscode from "vscode";
import type { PoolEntry } from "../../cluster/client/pools/poolList.ts";
import type { SshStep } from "../../cluster/client/ssh/host.ts";
import { messageOf, ShownError } from "../errors.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";

export const STEPS: Readonly<Record<SshStep, string>> = {
  resolving: "reading the SSH configuration",
  connecting: "connecting",
  hostKey: "checking the host's key",
  authenticating: "logging in",
  looking: "looking at the host",
  sending: "sending",
  starting: "starting the pool server",
};
const NAME_CHARACTERS = /[^A-Za-z0-9._-]+/g;

interface HostItem extends vscode.QuickPickItem {
  destination: string | null;
}

export class PoolCommands {
  readonly #pools: Pools;
  constructor(pools: Pools) {
    this.#pools = pools;
  }

  /** @returns the new pool, or undefined when the person thought better of it */
  async add(): Promise<Pool | undefined> {
    const destination = await askDestination();
    if (destination === undefined) return undefined;
    const client = await loadClient();
    const entry: PoolEntry = {
      kind: "ssh",
      name: this.#freeName(client.parseDestination(destination).host),
      destination,
      sshConfig: null,
      home: null,
      runtimePath: null,
      fingerprint: null,
    };
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Adding ${entry.name}`, cancellable: true },
      async (progress, token) => {
        const given = new AbortController();
        token.onCancellationRequested(() => given.abort(new vscode.CancellationError()));
        await this.#pools.tryOut(entry, given.signal, (step, detail) =>
          progress.report({ message: `${STEPS[step]}${step === "sending" ? `: ${detail}` : ""}` }),
        );
      },
    );
    await client.addPool(client.defaultStateFolder(), entry);
    await this.#pools.read();
    const pool = this.#pools.must(entry.name);
    pool.wake();
    return pool;
  }

  async remove(argument: unknown): Promise<void> {
    const { poolId } = (argument ?? {}) as { poolId?: unknown };
    const id = typeof poolId === "string" ? poolId : await this.#ask();
    if (id === undefined) return;
    const yes = "Remove";
    const answer = await vscode.window.showWarningMessage(
      `Remove the pool ${id} from the list?`,
      {
        modal: true,
        detail:
          "Its experiments, checkpoints and what trains there stay on the host; adding it again shows them again.",
      },
      yes,
    );
    if (answer !== yes) return;
    const client = await loadClient();
    await client.removePool(client.defaultStateFolder(), id);
    await this.#pools.read();
  }

  async #ask(): Promise<string | undefined> {
    const added = this.#pools.all.filter(({ id }) => id !== LOCAL);
    if (added.length === 0)
      throw new ShownError("No pool was added yet.", "This machine's own is always there.");
    return vscode.window.showQuickPick(
      added.map(({ id }) => id),
      { placeHolder: "Which pool shall be removed from the list?" },
    );
  }

  #freeName(host: string): string {
    const name =
      host
        .replace(NAME_CHARACTERS, "-")
        .replace(/^[^A-Za-z0-9]+/, "")
        .slice(0, 50) || "host";
    for (let number = 1; ; number += 1) {
      const candidate = number === 1 ? name : `${name}-${number}`;
      if (candidate !== LOCAL && !this.#pools.get(candidate)) return candidate;
    }
  }
}

/** A host of the SSH configuration, or what is typed. */
async function askDestination(): Promise<string | undefined> {
  const client = await loadClient();
  const hosts = await client.listHosts();
  const listed: HostItem[] = hosts.map(({ name, file }) => ({
    label: `$(remote) ${name}`,
    description: file,
    destination: name,
  }));
  const pick = vscode.window.createQuickPick<HostItem>();
  pick.title = "Add a pool: which host?";
  pick.placeholder = "A host of your SSH configuration, or user@host:port";
  pick.items = listed;
  try {
    return await new Promise((resolve) => {
      pick.onDidChangeValue((value) => {
        const typed = value.trim();
        const isListed = hosts.some(({ name }) => name === typed);
        pick.items =
          typed === "" || isListed
            ? listed
            : [
                ...listed,
                {
                  label: `$(add) ${typed}`,
                  description: "connect to this",
                  destination: typed,
                  alwaysShow: true,
                },
              ];
      });
      pick.onDidAccept(() => {
        const destination = pick.selectedItems[0]?.destination ?? null;
        if (destination === null) return;
        try {
          client.parseDestination(destination);
          resolve(destination);
        } catch (error) {
          pick.placeholder = messageOf(error);
        }
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}
