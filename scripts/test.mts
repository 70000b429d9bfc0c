// Runs every test of the project, stage by stage.
//   usage: npm test [-- --only unit,python] [-- --skip ui] [-- --list]
// The output of a stage is shown when it failed, or as it comes when only one stage runs; it is always kept in
// artifacts/. The last line is "N passed, N failed".
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { judge, sum, type Counts } from "./lib/counts.mts";
import { artifacts } from "./lib/paths.mts";
import { stages, type Stage } from "./lib/stages.mts";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    skip: { type: "string", multiple: true },
    list: { type: "boolean" },
  },
});

function named(option: readonly string[] = []): string[] {
  const names = option.flatMap((value) => value.split(",")).filter((name) => name !== "");
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    console.error(
      `No stage is called ${unknown.join(", ")}. The stages: ${stages.map(({ name }) => name).join(", ")}.`,
    );
    process.exit(2);
  }
  return names;
}

interface Row extends Counts {
  readonly name: string;
  readonly seconds: number;
}

async function runStage(stage: Stage, show: boolean): Promise<Row> {
  const startedMs = Date.now();
  const result = await stage
    .run(show)
    .catch((error: unknown) => ({ passed: 0, failed: 1, code: 1, output: String(error) }));
  const row = { name: stage.name, seconds: (Date.now() - startedMs) / 1000, ...judge(result, result.code) };
  writeFileSync(path.join(artifacts, `${stage.name}.log`), result.output);
  console.log(`${row.failed === 0 ? "passed" : "FAILED"}  ${describe(row)}`);
  if (row.failed > 0 && !show) console.log(`\n${result.output.trimEnd()}\n`);
  return row;
}

const describe = ({ name, seconds, passed, failed }: Row): string =>
  `${name.padEnd(10)} ${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed ${seconds.toFixed(1).padStart(7)} s`;

if (values.list) {
  for (const { name, what } of stages) console.log(`${name.padEnd(10)} ${what}`);
  process.exit(0);
}
const only = named(values.only);
const skip = named(values.skip);
const chosen = stages.filter(
  ({ name }) => (only.length === 0 || only.includes(name)) && !skip.includes(name),
);
mkdirSync(artifacts, { recursive: true });
const rows: Row[] = [];
for (const stage of chosen) rows.push(await runStage(stage, chosen.length === 1));

const total = sum(rows);
console.log(`\n${rows.map((row) => `  ${describe(row)}`).join("\n")}`);
const seconds = rows.reduce((before, row) => before + row.seconds, 0);
console.log(`\n${chosen.length} stages in ${seconds.toFixed(0)} s`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
