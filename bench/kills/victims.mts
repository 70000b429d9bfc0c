/** Whom a kill can hit: the processes of a pool, by its files. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export type Victim = "server" | "supervisor" | "script";

/** SIGKILL to the supervisor or the script of a run that has not ended, by chance. @returns false where there was none */
export function killOfRun(pool: string, victim: "supervisor" | "script"): boolean {
  const living = readdirSync(path.join(pool, "runs")).flatMap((run) => {
    const names = readdirSync(path.join(pool, "runs", run));
    if (!names.includes("supervisor.json") || names.includes("exit.json")) return [];
    const file = JSON.parse(readFileSync(path.join(pool, "runs", run, "supervisor.json"), "utf8")) as {
      pid: number;
      script: { pid: number } | null;
    };
    const pid = victim === "supervisor" ? file.pid : file.script?.pid;
    return pid === undefined ? [] : [pid];
  });
  const pid = living[Math.floor(Math.random() * living.length)];
  try {
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    return pid !== undefined;
  } catch {
    return false; // it has ended by itself meanwhile
  }
}
