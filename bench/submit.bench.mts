/**
 * Press to the script's first line, on a warm pool, with one file changed in a tree of 20,000 files and 200 MB whose
 * size was answered before, as an ordinary account (root is treated differently by the file system, so as root this
 * makes an account, and removes it at the end).
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { must } from "../scripts/lib/command.mts";
import { dist, root } from "../scripts/lib/paths.mts";
import type { Measurements } from "./run.mts";
import { median, quantile, rounded } from "./statistics.mts";
import type { Press } from "./submit.press.mts";

const FILES = 20_000;
const BYTES = 200_000_000;
const PRESSES = 15;
const ACCOUNT = "trainyard-bench";

export async function run(): Promise<Measurements> {
  const options = { cwd: root, timeoutMs: 120_000 };
  await must("The build", process.execPath, [path.join(root, "scripts/build.mts")], options);
  const base = mkdtempSync(path.join(tmpdir(), "trainyard-bench-"));
  chmodSync(base, 0o755);
  const account = makeAccount();
  try {
    // The account may not be able to read the checkout.
    for (const name of ["server.js", "python"])
      cpSync(path.join(dist, name), path.join(base, name), { recursive: true });
    copyFileSync(process.execPath, path.join(base, "node"));
    const press = path.join(base, "press.js");
    await build({
      entryPoints: [path.join(root, "bench/submit.press.mts")],
      outfile: press,
      bundle: true,
      platform: "node",
      format: "cjs",
      define: { __VERSION__: '"0.0.0-bench"' },
    });
    const own = path.join(base, "own");
    makeTree(path.join(own, "project"));
    if (account) spawnSync("chown", ["-R", `${account.uid}:${account.gid}`, own]);
    const environment = {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: own,
      TRAINYARD_HOME: path.join(own, "pool"),
      TRAINYARD_STATE: path.join(own, "state"),
      TRAINYARD_LEASES: path.join(own, "leases"),
      TRAINYARD_CPU_SLOTS: "1",
    };
    const pressed = spawnSync(
      path.join(base, "node"),
      [press, base, path.join(own, "project"), String(PRESSES)],
      {
        env: environment,
        cwd: own,
        stdio: ["ignore", "pipe", "inherit"],
        timeout: 400_000,
        ...(account ?? {}),
      },
    );
    if (pressed.status !== 0) {
      const log = path.join(own, "pool/state/server.log");
      throw new Error(`the presses ended with ${pressed.status}; ${safeRead(log)}`);
    }
    return summarise(
      JSON.parse(pressed.stdout.toString()) as { first: Press; presses: Press[] },
      account !== null,
    );
  } finally {
    rmSync(base, { recursive: true, force: true });
    if (account) spawnSync("userdel", [ACCOUNT]);
  }
}

function summarise({ first, presses }: { first: Press; presses: Press[] }, ordinary: boolean): Measurements {
  const of = (value: (press: Press) => number): number[] => presses.map(value);
  const total = of((press) => press.firstLineMs);
  const snapshot = of((press) => press.snapshotMs);
  return {
    first_line_ms: rounded(median(total)),
    first_line_p90_ms: rounded(quantile(total, 0.9)),
    first_line_best_ms: rounded(Math.min(...total)),
    snapshot_ms: rounded(median(snapshot)),
    snapshot_p90_ms: rounded(quantile(snapshot, 0.9)),
    snapshot_best_ms: rounded(Math.min(...snapshot)),
    send_ms: rounded(median(of((press) => press.sendMs))),
    submit_ms: rounded(median(of((press) => press.submitMs))),
    launch_ms: rounded(median(of((press) => press.launchMs))),
    first_submit_ms: rounded(first.firstLineMs),
    presses: presses.length,
    files: FILES,
    account: ordinary ? "ordinary, made for this" : userInfo().username,
  };
}

function makeTree(folder: string): void {
  const filler = "x = 1\n".repeat(Math.ceil(BYTES / FILES / 6));
  for (let number = 0; number < FILES; number++) {
    const place = path.join(folder, `pkg${Math.floor(number / 1000)}`, `mod${Math.floor(number / 50) % 20}`);
    if (number % 50 === 0) mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, `f${number}.py`), `# ${number}\n${filler}`.slice(0, BYTES / FILES));
  }
  const script = 'import time\nprint(f"first {time.time() * 1000:.3f}", flush=True)\n';
  writeFileSync(path.join(folder, "train.py"), script);
  writeFileSync(path.join(folder, ".gitignore"), "__pycache__/\n/checkpoints/\n");
  const identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
  for (const args of [
    ["init", "-q"],
    ["add", "-A"],
    [...identity, "commit", "-q", "-m", "all"],
  ]) {
    const { status, stderr } = spawnSync("git", args, { cwd: folder });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
  }
}

/** Null when this is an ordinary account already. */
function makeAccount(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  spawnSync("useradd", ["--system", "--no-create-home", "--user-group", "--shell", "/bin/sh", ACCOUNT]);
  const id = (flag: string): number => Number(spawnSync("id", [flag, ACCOUNT]).stdout.toString());
  const [uid, gid] = [id("-u"), id("-g")];
  if (!(uid > 0 && gid > 0)) throw new Error("an ordinary account could not be made (useradd)");
  return { uid, gid };
}

function safeRead(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "the server left no log";
  }
}
