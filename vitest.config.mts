import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { __VERSION__: JSON.stringify("0.0.0-test") },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/suite/**"],
    testTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
    pool: "forks",
  },
});
