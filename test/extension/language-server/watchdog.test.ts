import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

it("a process that hangs is ended, and said to", () => {
  const module = path.join(import.meta.dirname, "watchdog.ts");
  const code = `const { watchdog } = await import(${JSON.stringify(module)}); watchdog(500).beat(); for (;;);`;
  const { signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    timeout: 20_000,
    killSignal: "SIGTERM",
  });
  expect(signal).toBe("SIGKILL");
  expect(stderr).toContain("hung for 500 ms after");
});
