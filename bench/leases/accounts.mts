/** Accounts of their own for a benchmark or a test: only root can make them, and they go again with it. */
import { execFileSync } from "node:child_process";

export interface Account {
  name: string;
  uid: number;
  gid: number;
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
  return { name, uid: idOf("-u"), gid: idOf("-g") };
}

export function removeAccount(account: Account | null): void {
  if (account !== null) execFileSync("userdel", [account.name], { stdio: "pipe" });
}
