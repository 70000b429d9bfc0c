/** Adding a pool on an SSH host, and forgetting one. */
import * as vscode from "vscode";
import type { PoolEntry } from "../../cluster/client/pools/poolList.ts";
import type { PoolContents, Purged } from "../../cluster/client/pools/purgePool.ts";
import type { SshStep } from "../../cluster/client/ssh/host.ts";
import { messageOf, ShownError } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";
import { whichPool } from "./whichPool.ts";

export const STEPS: Readonly<Record<SshStep, string>> = {
  resolving: "reading the SSH configuration",
  connecting: "connecting",
  hostKey: "checking the host's key",
  authenticating: "logging in",
  looking: "looking at the host",
  downloading: "downloading",
  sending: "sending",
  starting: "starting the pool server",
};
/** Those that take long say how far they are. */
const DETAILED: ReadonlySet<SshStep> = new Set(["downloading", "sending"]);
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
    await withSteps(`Adding ${entry.name}`, (signal, onStep) => this.#pools.tryOut(entry, signal, onStep));
    await client.addPool(client.defaultStateFolder(), entry);
    await this.#pools.read();
    const pool = this.#pools.must(entry.name);
    pool.wake();
    return pool;
  }

  async remove(argument: unknown): Promise<void> {
    const id = await this.#which(argument, "Which pool shall be removed from the list?");
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

  async purge(argument: unknown): Promise<void> {
    const id = await this.#which(argument, "From which pool's host shall Trainyard be removed?");
    if (id === undefined) return;
    const purged = await withSteps(`Removing Trainyard from ${id}`, (signal, onStep) =>
      this.#pools.purge(id, (contents) => confirmPurge(id, contents), signal, onStep),
    );
    if (purged === null) return;
    // Told, not waited for.
    void vscode.window.showInformationMessage(purgedText(id, purged));
  }

  async #which(argument: unknown, placeHolder: string): Promise<string | undefined> {
    const pool = await whichPool(this.#pools, argument, {
      placeHolder,
      fits: ({ id }) => id !== LOCAL,
      none: () => new ShownError("No pool was added yet.", "This machine's own is always there."),
    });
    return pool?.id;
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

/** Shows each step of connecting, and can be cancelled at each. */
function withSteps<T>(
  title: string,
  work: (signal: AbortSignal, onStep: (step: SshStep, detail: string) => void) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => {
      const given = new AbortController();
      token.onCancellationRequested(() => given.abort(new vscode.CancellationError()));
      return work(given.signal, (step, detail) =>
        progress.report({ message: `${STEPS[step]}${DETAILED.has(step) ? `: ${detail}` : ""}` }),
      );
    },
  );
}

async function confirmPurge(
  id: string,
  { folder, bytes, experiments, living }: PoolContents,
): Promise<boolean> {
  const yes = living > 0 ? "Kill and Remove" : "Remove";
  const size = bytes === null ? "its size is unknown" : formatBytes(bytes);
  const kills = `${plural(living, "trial")} that ${living === 1 ? "lives" : "live"} there will be killed. `;
  const answer = await vscode.window.showWarningMessage(
    `Remove Trainyard from the host of ${id}?`,
    {
      modal: true,
      detail:
        `${living > 0 ? kills : ""}The pool server stops, and ${folder} goes (${size}): ` +
        `${plural(experiments, "experiment")} with checkpoints, curves, output and code. This cannot be undone.`,
    },
    yes,
  );
  return answer === yes;
}

function purgedText(id: string, { contents, left }: Purged): string {
  if (contents === null) return `There was nothing of Trainyard on the host of ${id}; it is off the list.`;
  const rest = left === null ? "" : ` Left there, since it is not Trainyard's: ${left}`;
  return `Trainyard is removed from the host of ${id}, and the pool from the list.${rest}`;
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
