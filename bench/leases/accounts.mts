/** Accounts of their own for a benchmark or a test: only root can make them, and they go again with it. */
import { execFileSync } from "node:child_process";
import { atExit } from "../../scripts/lib/command.mts";

export interface Account {
  name: string;
  uid: number;
  gid: number;
  /** Takes it away again; also done when this process is interrupted. */
  remove: () => void;
}

/** @returns null where this process may not make accounts: two pool folders of one account stand for them then */
export function makeAccount(suffix: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  const name = `trainyard-${process.pid}-${suffix}`;
  try {
    execFileSync("useradd", ["--no-create-home", "--shell", "/usr/sbin/nologin", name], { stdio: "pipe" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const idOf = (which: string): number => Number(execFileSync("id", [which, name], { encoding: "utf8" }));
  // Also while the last of its processes, a server that was told to end, is still on its way.
  const forget = atExit(() => takeAway(name));
  const remove = (): void => {
    forget();
    takeAway(name);
  };
  return { name, uid: idOf("-u"), gid: idOf("-g"), remove };
}

function takeAway(name: string): void {
  execFileSync("userdel", ["--force", name], { stdio: "ignore" });
}
