/** Real keys, made by ssh-keygen. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

export interface MadeKey {
  file: string;
  /** `type base64`, as in known_hosts. */
  line: string;
  type: string;
  blob: Buffer;
}

export function makeKey(
  folder: string,
  options: readonly string[] = ["-t", "ed25519"],
  name: string = randomUUID(),
): MadeKey {
  const file = path.join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "test", "-f", file, ...options]);
  return { file, ...readKey(`${file}.pub`) };
}

export function readKey(file: string): Omit<MadeKey, "file"> {
  const [type = "", base64 = ""] = readFileSync(file, "utf8").split(" ");
  return { line: `${type} ${base64}`, type, blob: Buffer.from(base64, "base64") };
}
