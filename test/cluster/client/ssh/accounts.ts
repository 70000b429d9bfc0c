/** Throwaway accounts of this machine, made by useradd and removed with the test. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { TestHost } from "./host.ts";

export const isRoot = process.getuid?.() === 0;
/** For a test's name: why it is skipped elsewhere. */
export const NEEDS_ROOT = "(needs root: it makes accounts or mounts)";

export interface Account {
  name: string;
  uid: number;
  home: string;
  /** A Node that it may run: the checkout may be closed to others. */
  node: string;
}

/** An account that the host's key lets in, too. @param password none: only the key does */
export function makeAccount(host: TestHost, shell: string, password?: string): Account {
  const name = `trainyard-${randomBytes(4).toString("hex")}`;
  const home = path.join(host.folder, "home");
  const hash = password === undefined ? "*" : run("openssl", "passwd", "-6", password);
  run("useradd", "--create-home", "--home-dir", home, "--shell", shell, "--password", hash, name);
  onTestFinished(() => {
    host.stop(); // what runs as the account ends first
    run("userdel", "--force", name);
  });
  const uid = Number(run("id", "-u", name));
  fs.chownSync(path.join(host.folder, "runtime"), uid, uid);
  fs.mkdirSync(path.join(host.folder, "leases"));
  fs.chmodSync(path.join(host.folder, "leases"), 0o1777);
  const node = path.join(host.folder, "node");
  fs.copyFileSync(process.execPath, node, fs.constants.COPYFILE_FICLONE);
  return { name, uid, home, node };
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
