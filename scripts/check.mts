// Types, lint and format, all at once.   usage: npm run check
import { lintChecks, typeCheck } from "./lib/checks.mts";

const results = await Promise.all(
  [typeCheck, ...lintChecks].map(async (check) => {
    const startedMs = Date.now();
    const { code, output } = await check.run();
    console.log(
      `${code === 0 ? "passed" : "FAILED"}  ${check.name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`,
    );
    return { name: check.name, code, output };
  }),
);
for (const { name, output } of results.filter(({ code }) => code !== 0)) {
  console.log(`\n--- ${name}\n${output.trimEnd()}`);
}
process.exitCode = results.some(({ code }) => code !== 0) ? 1 : 0;
