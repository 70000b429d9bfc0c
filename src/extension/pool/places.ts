/** How each pool is reached: this machine's server, or one at the other end of an SSH connection. */
import path from "node:path";
import type * as vscode from "vscode";
import type { MaintainOptions } from "../../cluster/client/pools/maintain.ts";
import type { OpenPoolOptions } from "../../cluster/client/pools/openPool.ts";
import type { PoolEntry } from "../../cluster/client/pools/poolList.ts";
import type { PoolContents, Purged } from "../../cluster/client/pools/purgePool.ts";
import type { SshStep } from "../../cluster/client/ssh/host.ts";
import type { BackupReport, CheckReport } from "../../cluster/protocol/maintenance.ts";
import { silentQuestions } from "../../cluster/client/ssh/silentQuestions.ts";
import { settings } from "../settings.ts";
import { type Client, loadClient } from "./client.ts";
import type { PoolPlace } from "./pool.ts";
import { askingQuestions } from "./sshQuestions.ts";

type OnStep = (step: SshStep, detail: string) => void;

interface Asking {
  /** A person waits for it: only then may it ask questions. */
  isAsked: boolean;
  signal?: AbortSignal;
  onStep?: OnStep;
}

const LOCAL_NAME = "This machine";

export class Places {
  readonly #dist: string;
  readonly #version: string;
  /** Passphrases and passwords of this window, so that coming back does not ask again. */
  readonly #memory = new Map<string, string>();

  constructor({ extensionPath, extension }: vscode.ExtensionContext) {
    this.#dist = path.join(extensionPath, "dist");
    this.#version = (extension.packageJSON as { version: string }).version;
  }

  local(): PoolPlace {
    return {
      id: "local",
      name: LOCAL_NAME,
      key: "",
      isRemote: false,
      open: (isAsked) => this.open(null, { isAsked }),
    };
  }

  added(entry: PoolEntry): PoolPlace {
    return {
      id: entry.name,
      name: entry.name,
      key: JSON.stringify(entry),
      isRemote: entry.kind === "ssh",
      open: (isAsked) => this.open(entry, { isAsked }),
    };
  }

  async open(entry: PoolEntry | null, asking: Asking): ReturnType<PoolPlace["open"]> {
    const client = await loadClient();
    return client.openPool(entry, this.#options(client, asking));
  }

  /** @param confirm told what would go @returns null when it said no */
  async purge(
    entry: PoolEntry,
    confirm: (contents: PoolContents) => Promise<boolean>,
    asking: Omit<Asking, "isAsked">,
  ): Promise<Purged | null> {
    const client = await loadClient();
    return client.purgePool(entry, this.#options(client, { ...asking, isAsked: true }), confirm);
  }

  /** @param entry null for this machine's own pool */
  async check(
    entry: PoolEntry | null,
    { signal, ...asked }: { full: boolean; repair: boolean } & MaintainOptions,
  ): Promise<CheckReport> {
    const client = await loadClient();
    const options = this.#options(client, { isAsked: true, ...(signal ? { signal } : {}) });
    return client.checkPool(entry, options, { signal, ...asked });
  }

  async backUp(
    entry: PoolEntry | null,
    { signal, ...asked }: { folder: string } & MaintainOptions,
  ): Promise<BackupReport> {
    const client = await loadClient();
    const options = this.#options(client, { isAsked: true, ...(signal ? { signal } : {}) });
    return client.backUpPool(entry, options, { signal, ...asked });
  }

  #options(client: Client, { isAsked, signal, onStep }: Asking): OpenPoolOptions {
    const cpuSlots = settings.cpuSlots();
    const probeCommand = settings.probeCommand();
    const who = { name: "vscode", version: this.#version };
    return {
      local: {
        home: settings.poolFolder(),
        serverScript: path.join(this.#dist, "server.js"),
        pythonFolder: path.join(this.#dist, "python"),
        runtimePath: settings.runtimePath(),
        environment: {
          ...(cpuSlots === null ? {} : { TRAINYARD_CPU_SLOTS: String(cpuSlots) }),
          ...(probeCommand === null ? {} : { TRAINYARD_PROBE_COMMAND: probeCommand }),
        },
        client: who,
      },
      ssh: {
        stateFolder: client.defaultStateFolder(),
        dist: this.#dist,
        client: who,
        // In the background nobody is asked: the pool's row then says that it has a question.
        questions: isAsked ? askingQuestions : silentQuestions,
        nodeMirror: settings.nodeMirror() ?? (process.env.TRAINYARD_NODE_MIRROR || null),
        memory: this.#memory,
        signal,
        onStep,
      },
    };
  }
}
