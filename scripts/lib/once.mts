import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "./command.mts";

const WAIT_MS = 15 * 60_000;
const STAMP = ".complete";

/**
 * Fills `folder` once, whoever asks and however often: a second process waits for the first, and what a killed one
 * left behind is thrown away. The stamp inside says what is there; another `recipe` installs anew.
 */
export async function once(
  folder: string,
  recipe: string,
  install: (folder: string) => Promise<void>,
): Promise<string> {
  const stamp = path.join(folder, STAMP);
  const complete = (): boolean => existsSync(stamp) && readFileSync(stamp, "utf8") === recipe;
  if (complete()) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    if (complete()) return folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await install(folder);
    writeFileSync(stamp, recipe);
    return folder;
  } finally {
    unlock();
  }
}

/** Holds `file` (with our process id in it) until the returned function is called. A dead holder's lock is taken over. */
async function lock(file: string): Promise<() => void> {
  const deadline = Date.now() + WAIT_MS;
  while (!take(file)) {
    if (Date.now() > deadline)
      throw new Error(`${file} is still held; remove it if no installation is running.`);
    await sleep(200);
  }
  const release = (): void => rmSync(file, { force: true });
  const forget = atExit(release);
  return () => {
    forget();
    release();
  };
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const holder = Number(existsSync(file) ? readFileSync(file, "utf8") : "");
  if (holder > 0 && !isAlive(holder)) rmSync(file, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
