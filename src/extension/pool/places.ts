/** How each pool is reached: this machine's server, or one at the other end of an SSH connection. */
import path from "node:path";
import type * as vscode from "vscode";
import type { PoolEntry } from "../../cluster/client/pools/poolList.ts";
import type { SshStep } from "../../cluster/client/ssh/host.ts";
import { settings } from "../settings.ts";
import { loadClient } from "./client.ts";
import type { PoolPlace } from "./pool.ts";
import { askingQuestions, silentQuestions } from "./sshQuestions.ts";

type OnStep = (step: SshStep, detail: string) => void;

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

  async open(
    entry: PoolEntry | null,
    { isAsked, signal, onStep }: { isAsked: boolean; signal?: AbortSignal; onStep?: OnStep },
  ): ReturnType<PoolPlace["open"]> {
    const client = await loadClient();
    const cpuSlots = settings.cpuSlots();
    const probeCommand = settings.probeCommand();
    const who = { name: "vscode", version: this.#version };
    return client.openPool(entry, {
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
        questions: isAsked ? askingQuestions : silentQuestions,
        memory: this.#memory,
        signal,
        onStep,
      },
    });
  }
}
