/** Kills a program between any two things that it does, by strace: the kernel does it, and the program knows nothing of it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What changes files, locks and processes. */
export const DEEDS = [
  ...["link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "write"],
  ...[
    "pwrite64",
    "ftruncate",
    "fsync",
    "fdatasync",
    "flock",
    "clone",
    "clone3",
    "fork",
    "vfork",
    "setsid",
    "kill",
  ],
  "prctl",
].join(",");

/** False where strace is missing, or may not trace. */
export const canTrace =
  spawnSync("strace", ["-D", "-o", "/dev/null", "-e", "trace=write", "true"]).status === 0;

/** Options of strace that write down what a program (its first thread) does. */
export const recording = (file: string): string[] => ["-D", "-qqq", "-e", `trace=${DEEDS}`, "-o", file];

/** Options of strace that kill a program before `point`. */
export function killingAt(point: string): string[] {
  const [call = "", count = ""] = point.split(" ");
  return [
    "-D",
    "-qqq",
    "-e",
    `trace=${call}`,
    "-e",
    `inject=${call}:signal=SIGKILL:when=${count}`,
    "-o",
    "/dev/null",
  ];
}

/** What was recorded, in order, as points to be killed at: `["flock 1", "write 1", "link 1", "write 2", ...]`. */
export function pointsIn(file: string): string[] {
  const counts = new Map<string, number>();
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => /^(\w+)\(/.exec(line)?.[1] ?? [])
    .map((call) => {
      counts.set(call, (counts.get(call) ?? 0) + 1);
      return `${call} ${counts.get(call)}`;
    });
}
