import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit, cleanEnvironment, must, signalGroup } from "../lib/command.mts";
import { installVsCode } from "./install.mts";

const READY_MS = 60_000;

/** A quiet workbench: nothing that takes the focus, asks, updates, or looks for a network. */
const QUIET: Readonly<Record<string, unknown>> = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "workbench.colorTheme": "Dark Modern",
  "window.autoDetectColorScheme": false,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "editor.accessibilitySupport": "off",
  "typescript.disableAutomaticTypeAcquisition": true,
};

export interface VsCodeOptions {
  /** A folder to show; it is used as it is. Without one a fresh, empty folder is made. */
  readonly workspace?: string;
  /** A packaged extension to install first. */
  readonly vsix?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** `ask` keeps VS Code's workspace trust as a person has it; `off` (the default) trusts every folder. */
  readonly trust?: "off" | "ask";
  /** Where to keep everything of this run instead of a fresh temporary folder (then it is not removed at the end). */
  readonly runDir?: string;
}

export interface VsCode {
  /** 127.0.0.1:PORT, the authority of every remote URI. */
  readonly authority: string;
  readonly workspace: string;
  readonly runDir: string;
  /** TRAINYARD_HOME of everything that this VS Code starts. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the server and the extension host wrote, for a failed test's report. */
  logs(): string;
  /** Stops the server, and every process that it or the extension started, also detached ones; removes the run's folder. */
  stop(): Promise<void>;
}

/** Starts a VS Code server of its own: fresh user data, settings, extensions, pool folder and port. */
export async function startVsCode(options: VsCodeOptions = {}): Promise<VsCode> {
  const main = await installVsCode();
  // Short: socket paths end at 107 bytes.
  const runDir = options.runDir ?? mkdtempSync(path.join(os.tmpdir(), "trainyard-test-"));
  const inRun = (name: string): string => path.join(runDir, name);
  for (const name of ["home", "user/User", "extensions", "pool", "leases", "runtime"]) {
    mkdirSync(inRun(name), { recursive: true, mode: 0o700 });
  }
  const workspace = options.workspace ?? inRun("workspace");
  mkdirSync(workspace, { recursive: true });
  const settings = {
    ...QUIET,
    "security.workspace.trust.enabled": options.trust === "ask",
    ...options.settings,
  };
  writeFileSync(inRun("user/User/settings.json"), JSON.stringify(settings, null, 2));
  const env = cleanEnvironment({
    HOME: inRun("home"),
    XDG_CONFIG_HOME: inRun("home/.config"),
    XDG_DATA_HOME: inRun("home/.local/share"),
    XDG_RUNTIME_DIR: inRun("runtime"),
    TRAINYARD_HOME: inRun("pool"),
    TRAINYARD_LEASES: inRun("leases"),
    ...options.env,
  });
  const folders = [
    "--accept-server-license-terms",
    ...["--server-data-dir", inRun("server"), "--user-data-dir", inRun("user")],
    ...["--extensions-dir", inRun("extensions")],
  ];
  if (options.vsix !== undefined) {
    const install = [main, "--install-extension", options.vsix, ...folders];
    await must("Installing the extension", process.execPath, install, { env, timeoutMs: 60_000 });
  }

  const port = await freePort();
  const log = openSync(inRun("server.log"), "a");
  const server = spawn(
    process.execPath,
    [
      ...[main, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token", ...folders],
      ...["--disable-telemetry", "--disable-experiments", "--disable-getting-started-override"],
      ...(options.trust === "ask" ? [] : ["--disable-workspace-trust"]),
    ],
    { env, cwd: runDir, stdio: ["ignore", log, log], detached: true },
  );
  const end = (signal: NodeJS.Signals): void => {
    signalGroup(server, signal);
    signalStarted(runDir, signal);
  };
  const removeFiles = (): void => {
    if (options.runDir === undefined) rmSync(runDir, { recursive: true, force: true, maxRetries: 5 });
  };
  const forget = atExit(() => {
    end("SIGKILL");
    removeFiles();
  });
  const vscode: VsCode = {
    authority: `127.0.0.1:${port}`,
    workspace,
    runDir,
    home: inRun("pool"),
    env,
    logs: () => collectLogs(runDir),
    stop: async () => {
      end("SIGTERM");
      for (let waitedMs = 0; waitedMs < 3_000 && started(runDir).length > 0; waitedMs += 50) await sleep(50);
      end("SIGKILL");
      forget();
      removeFiles();
    },
  };
  try {
    await untilReady(server, `http://${vscode.authority}/version`);
  } catch (error) {
    const output = vscode.logs();
    await vscode.stop();
    throw new Error(`VS Code's server did not start:\n${output}`, { cause: error });
  }
  return vscode;
}

async function untilReady(server: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && server.exitCode === null) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await sleep(50);
  }
  throw new Error(`no answer from ${url}`);
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/**
 * Processes that carry this run's folder in their environment: pool servers, supervisors and training scripts leave
 * VS Code's process group on purpose, and must not outlive a test.
 */
function started(runDir: string): number[] {
  const mark = `${runDir}${path.sep}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, "latin1").includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function signalStarted(runDir: string, signal: NodeJS.Signals): void {
  if (process.platform !== "linux") return;
  for (const pid of started(runDir)) {
    try {
      process.kill(pid, signal);
    } catch {
      // Already gone.
    }
  }
}

/** Lines about VS Code's optional native modules, which are not installed. */
const NOISE =
  /bindings|watchdog|spdlog|tries: \[|^ → |^\s+at .*(vscode-[\d.]+\/|node:internal)|ENOTFOUND open-vsx/;

function collectLogs(runDir: string): string {
  const interesting = /(^server\.log|exthost.*\.log|[Tt]rainyard[^/]*\.log|pool\/.*\.log)$/;
  const parts: string[] = [];
  for (const name of readdirSync(runDir, { recursive: true, encoding: "utf8" })) {
    if (!interesting.test(name)) continue;
    const lines = readFileSync(path.join(runDir, name), "utf8").split("\n");
    const text = lines
      .filter((line) => !NOISE.test(line))
      .join("\n")
      .trim();
    if (text !== "") parts.push(`--- ${name}\n${text.slice(-8_000)}`);
  }
  return parts.join("\n");
}
