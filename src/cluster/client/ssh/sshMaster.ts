/** The one connection that all commands of a session share: OpenSSH's ControlMaster, ours or the person's own. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import net from "node:net";
import { promisify } from "node:util";

const CHECK_TIMEOUT_MS = 5_000;
/** A watcher of files may be out of supply; this is soon enough. */
const LOOK_EVERY_MS = 20;
const LONGEST_WORDS = 8_000;

/**
 * Ends `ssh` and its folder when we end, however we do: our end of the pipe closes with us. The arguments are the folder
 * and the command; nothing else is put into it.
 */
const GUARD = `
folder=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
ssh=$!
{ read -r line <&3; kill "$ssh"; } >/dev/null 2>&1 &
guard=$!
wait "$ssh"
code=$?
kill "$guard" 2>/dev/null
rm -rf -- "$folder"
exit "$code"
`;

export interface Master {
  /** Once, with the last that it said. */
  ended: Promise<string>;
  end(): void;
}

export interface MasterStart extends Master {
  /** It is connected, and takes commands. */
  ready: Promise<void>;
}

export function startMaster(options: {
  folder: string;
  controlPath: string;
  environment: NodeJS.ProcessEnv;
  /** Of `ssh`. */
  args: readonly string[];
}): MasterStart {
  const child = spawn("/bin/sh", ["-c", GUARD, "sh", options.folder, "ssh", ...options.args], {
    stdio: ["pipe", "ignore", "pipe"],
    env: options.environment,
    // Without the terminal, which older versions would ask at, and whose Ctrl+C is meant for others.
    detached: true,
  });
  let words = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => (words = (words + text).slice(-LONGEST_WORDS)));
  child.stdin.on("error", () => undefined);
  // Its output may be held open by a child of its own; the process itself counts.
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", () => setImmediate(() => resolve(words)));
  });
  let isOver = false;
  void ended.then(() => (isOver = true));
  // OpenSSH makes the socket when it has been let in, and in one step.
  const ready = new Promise<void>((resolve) => {
    const look = (): void => {
      if (existsSync(options.controlPath)) resolve();
      else if (!isOver) setTimeout(look, LOOK_EVERY_MS);
    };
    look();
  });
  return { ended, ready, end: () => child.stdin.destroy() };
}

/** Somebody else's: it is only watched, by a connection to its socket that says nothing. */
export function watchMaster(controlPath: string): Master {
  const socket = net.connect(controlPath);
  socket.on("error", () => undefined); // the end says enough
  socket.resume();
  return {
    ended: new Promise((resolve) => socket.once("close", () => resolve("your ControlMaster ended"))),
    end: () => socket.destroy(),
  };
}

/** @param args of `ssh`, with the host */
export async function isMasterAlive(args: readonly string[]): Promise<boolean> {
  return promisify(execFile)("ssh", ["-O", "check", ...args], { timeout: CHECK_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}
