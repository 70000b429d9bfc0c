/** Two network namespaces with a slow link between them. Needs root, `ip` and a C compiler; says which is missing. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "../../scripts/lib/command.mts";

const NEAR_ADDRESS = "10.79.0.1";
const FAR_ADDRESS = "10.79.0.2";
const QUEUE_KIB = 8192;
/** On either side. */
export const DEVICE = "slow0";

export interface SlowLink {
  farAddress: string;
  /** Of the program that is the link: it swallows packets from SIGUSR1 on, and carries them from SIGUSR2 on. */
  pid: number;
  /** What a command begins with to run on the near side. */
  prefix: readonly string[];
  /** Starts a program on the far side, which ends with the link. */
  startFar: (program: string, args: readonly string[]) => Promise<void>;
  stop: () => void;
}

/** @throws Error that says what is missing */
export async function startSlowLink(
  folder: string,
  { oneWayMs, mbit }: { oneWayMs: number; mbit: number },
): Promise<SlowLink> {
  if (process.getuid?.() !== 0) throw new Error("a slow link needs network namespaces, and those need root");
  for (const [program, flag] of [
    ["ip", "-V"],
    ["gcc", "--version"],
  ] as const)
    if (spawnSync(program, [flag]).error) throw new Error(`a slow link needs ${program}, which is not there`);
  const program = path.join(folder, "slowLink");
  must("gcc", ["-O2", "-o", program, path.join(import.meta.dirname, "slowLink.c")]);
  const [near, far] = [`trainyard-near-${process.pid}`, `trainyard-far-${process.pid}`];
  const children: ChildProcess[] = [];
  const stop = (): void => {
    forget();
    for (const child of children) child.kill("SIGKILL");
    for (const name of [near, far]) spawnSync("ip", ["netns", "delete", name]);
  };
  const forget = atExit(stop);
  for (const name of [near, far]) must("ip", ["netns", "add", name]);
  const ends = [near, `${NEAR_ADDRESS}/30`, far, `${FAR_ADDRESS}/30`];
  const link = spawn(program, [...ends, String(oneWayMs), String(mbit), String(QUEUE_KIB)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(link);
  await new Promise<void>((resolve, reject) => {
    link.stdout.once("data", () => resolve());
    link.once("exit", (code) => reject(new Error(`the slow link ended with ${code}`)));
  });
  return {
    farAddress: FAR_ADDRESS,
    pid: link.pid ?? 0,
    prefix: ["ip", "netns", "exec", near],
    startFar: async (command, args) => {
      children.push(spawn("ip", ["netns", "exec", far, command, ...args], { stdio: "ignore" }));
      await sleep(1000); // `ip netns exec` becomes the command
    },
    stop,
  };
}

function must(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
