/** An OpenSSH user certificate, and the authority that signs it. */
import { execFileSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { temporaryFolder } from "../support.ts";
import { makeKey } from "./host.ts";

export interface Authority {
  /** Lines of sshd_config: nothing but its certificates is let in. */
  settings: string[];
  /** Signs a key: the certificate lies beside it, where OpenSSH looks. */
  sign: (identity: string) => void;
}

export function makeAuthority(): Authority {
  const key = path.join(temporaryFolder("authority"), "ca");
  makeKey(key, "ed25519");
  return {
    settings: [`TrustedUserCAKeys ${key}.pub`, "AuthorizedKeysFile none"],
    sign: (identity) =>
      void execFileSync("ssh-keygen", [
        ...["-q", "-s", key, "-I", "test", "-n", os.userInfo().username],
        `${identity}.pub`,
      ]),
  };
}
