/** The built language server as a process of its own, spoken to as the editor does, with pools and histories that are made up. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { dist } from "../../scripts/lib/paths.mts";
import type {
  EditorState,
  Forecast,
  ScriptHistory,
  TrialFacts,
} from "../../src/extension/language-server/contract.ts";
import { parameterName } from "./texts.mts";

interface Place {
  line: number;
  character: number;
}

export class LanguageServer {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-bench-language-"));
  readonly #process: ChildProcess;
  readonly #connection: ProtocolConnection;
  readonly #versions = new Map<string, number>();
  readonly #published = new Map<string, (params: PublishDiagnosticsParams) => void>();

  constructor() {
    this.#process = spawn(process.execPath, [path.join(dist, "languageServer.js"), "--stdio"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { stdin, stdout } = this.#process;
    if (!stdin || !stdout) throw new Error("the language server has no pipes");
    this.#connection = createProtocolConnection(
      new StreamMessageReader(stdout),
      new StreamMessageWriter(stdin),
    );
    const answer = (method: string, what: (params: unknown) => unknown): void => {
      this.#connection.onRequest<unknown, void>(method, what);
    };
    answer("trainyard/history", () => HISTORY);
    answer("trainyard/forecast", () => FORECAST);
    answer("trainyard/snapshotText", () => null);
    answer("trainyard/checkpoints", () => []);
    for (const method of [
      "workspace/codeLens/refresh",
      "workspace/inlayHint/refresh",
      "client/registerCapability",
    ])
      answer(method, () => null);
    this.#connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) =>
      this.#published.get(params.uri)?.(params),
    );
    this.#connection.listen();
  }

  async start(): Promise<void> {
    await this.request("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(this.folder).href,
      capabilities: {
        workspace: { codeLens: { refreshSupport: true }, inlayHint: { refreshSupport: true } },
      },
    });
    await this.#connection.sendNotification("initialized", {});
    await this.#connection.sendNotification("trainyard/state", { ...STATE, folders: [this.folder] });
  }

  request<T>(method: string, params: unknown): Promise<T> {
    return this.#connection.sendRequest(method, params);
  }
  at<T>(method: string, name: string, position: Place): Promise<T> {
    return this.request(method, { textDocument: { uri: this.#uri(name) }, position });
  }
  document<T>(method: string, name: string, more: object = {}): Promise<T> {
    return this.request(method, { textDocument: { uri: this.#uri(name) }, ...more });
  }

  async open(name: string, text: string): Promise<void> {
    writeFileSync(path.join(this.folder, name), text);
    this.#versions.set(name, 1);
    await this.#connection.sendNotification("textDocument/didOpen", {
      textDocument: {
        ...{ uri: this.#uri(name), version: 1, text },
        languageId: name.endsWith(".py") ? "python" : "yaml",
      },
    });
  }

  /** One key: `text` in place of what is between. */
  async type(name: string, start: Place, end: Place, text: string): Promise<number> {
    const version = (this.#versions.get(name) ?? 0) + 1;
    this.#versions.set(name, version);
    await this.#connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.#uri(name), version },
      contentChanges: [{ range: { start, end }, text }],
    });
    return version;
  }

  /** To be asked for before the key that leads to them. */
  diagnostics(name: string): { of: (version: number) => Promise<PublishDiagnosticsParams> } {
    const uri = this.#uri(name);
    let seen: PublishDiagnosticsParams | undefined;
    let tell: () => void = () => undefined;
    this.#published.set(uri, (params) => {
      seen = params;
      tell();
    });
    return {
      of: (version) =>
        new Promise((resolve) => {
          tell = () => {
            if (seen?.version === version) resolve(seen);
          };
          tell();
        }),
    };
  }

  /** Resident, in MB. */
  get memoryMb(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1000;
  }

  async stop(): Promise<void> {
    await this.request("shutdown", undefined);
    await this.#connection.sendNotification("exit");
    this.#connection.dispose();
    this.#process.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #uri(name: string): string {
    return pathToFileURL(path.join(this.folder, name)).href;
  }
}

const STATE: EditorState = {
  ...{ folders: [], isTrusted: true, settings: { lenses: true, hints: true }, chosenPool: "local" },
  ...{ theme: "dark", submitted: [], configurations: [] },
  pools: [
    {
      ...{ id: "local", name: "local", isConnected: true, hasMore: false },
      slots: Array.from({ length: 8 }, (_, slot) => ({ name: `GPU ${slot}`, kind: "cuda", state: "free" })),
      experiments: Array.from({ length: 200 }, (_, index) => ({
        ...{ id: 200 - index, name: "bench", state: "completed", trialsMade: 20 },
        trials: Array.from({ length: index < 50 ? 20 : 0 }, (_, trial) => ({
          ...{ id: `${200 - index}.${trial + 1}`, state: "completed" as const, best: trial / 10 },
        })),
      })),
    },
  ],
};

const FORECAST: Forecast = {
  poolName: "local",
  pace: { fastMsPerUnit: 100, slowMsPerUnit: 150, trials: 20 },
  usableSlots: 8,
  startsIn: { fromMs: 0, toMs: 0 },
  reason: "",
};

const TRIALS: TrialFacts[] = Array.from({ length: 8 }, (_, index) => ({
  ...{ experimentId: 200, trialId: `200.${index + 1}`, state: "completed", startedAt: 0, endedAt: 60_000 },
  metric: { name: "validation/val_loss", value: 0.2 + index / 100, smallerIsBetter: true },
  parameters: Object.fromEntries(
    Array.from({ length: 60 }, (_, parameter) => [parameterName(parameter), (parameter + index) / 1000]),
  ),
  ...{ path: "train.py", tree: "0".repeat(40) },
}));

const BEST = TRIALS[0] as TrialFacts;
const HISTORY: ScriptHistory = {
  ...{ poolId: "local", poolName: "local", running: 1, waiting: 2, failures: [], nan: null },
  ...{ last: BEST, best: BEST, trials: TRIALS },
  metrics: Object.fromEntries(
    ["training/loss", "training/rate", "validation/val_loss"].map((name) => [
      name,
      {
        ...{ trial: BEST, step: 1000, value: 0.2 },
        curve: Array.from({ length: 100 }, (_, at): [number, number] => [at * 10, 1 / (at + 1)]),
      },
    ]),
  ),
};
