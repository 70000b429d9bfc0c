import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { __VERSION__: JSON.stringify("0.0.0-test") },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/suite/**"],
    testTimeout: 30_000,
    // As in scripts/lib/stages.mts; the default reporter names what needed it.
    retry: process.env.CI === "true" ? 1 : 0,
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
  },
});
