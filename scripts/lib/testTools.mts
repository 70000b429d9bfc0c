import { spawnSync } from "node:child_process";
import { aptInstall } from "./apt.mts";

const PACKAGES = { strace: ["strace"], gcc: ["gcc", "libc6-dev"], csh: ["csh"], fish: ["fish"] } as const;

/** What kills and disk faults are played with, and login shells that some have. What cannot be had is said. */
export async function ensureTestTools(): Promise<void> {
  const missing = Object.entries(PACKAGES).filter(
    ([program]) => spawnSync(program, ["--version"]).error !== undefined,
  );
  if (missing.length === 0) return;
  await aptInstall(...missing.flatMap(([, packages]) => packages)).catch((error: unknown) =>
    console.log(
      `Not tested: what needs ${missing.map(([program]) => program).join(" and ")}. ${String(error)}`,
    ),
  );
}
