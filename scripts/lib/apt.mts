import { cleanEnvironment, must } from "./command.mts";

const LOCK_WAIT = "DPkg::Lock::Timeout=300";

/** Installs Debian packages; on another system, or without root's rights, says what is missing instead. */
export async function aptInstall(...packages: readonly string[]): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error(
      `Needed and not found: ${packages.join(", ")}. As root: apt-get install ${packages.join(" ")}`,
    );
  }
  console.log(`Installing ${packages.join(" ")} with apt ...`);
  const options = { env: cleanEnvironment({ DEBIAN_FRONTEND: "noninteractive" }), timeoutMs: 600_000 };
  await must("apt-get update", "apt-get", ["-o", LOCK_WAIT, "update"], options);
  await must(
    "apt-get install",
    "apt-get",
    ["-o", LOCK_WAIT, "install", "-y", "--no-install-recommends", ...packages],
    options,
  );
}
