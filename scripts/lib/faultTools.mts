import { spawnSync } from "node:child_process";
import { aptInstall } from "./apt.mts";

const PACKAGES = { strace: ["strace"], gcc: ["gcc", "libc6-dev"] } as const;

/** What kills and disk faults are played with. Where one cannot be had its tests are skipped, and that is said. */
export async function ensureFaultTools(): Promise<void> {
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
