// Runs one benchmark.   usage: npm run bench -- NAME [--json]
// A benchmark is a file bench/NAME.bench.mts that exports `run`; --json adds one line of JSON, last.
import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

/** Named numbers (units in the names) of one benchmark. */
export type Measurements = Record<string, number | string>;

interface Benchmark {
  run(): Promise<Measurements>;
}

const SUFFIX = ".bench.mts";
const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: "boolean" } } });
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));
const [name] = positionals;
if (name === undefined || positionals.length > 1 || !known.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--json]\nThe benchmarks: ${known.join(", ")}`);
  process.exit(2);
}

const benchmark = (await import(path.join(import.meta.dirname, name + SUFFIX))) as Benchmark;
const measured = await benchmark.run();
const width = Math.max(...Object.keys(measured).map((key) => key.length));
console.log(
  `${name}\n${Object.entries(measured)
    .map(([key, value]) => `  ${key.padEnd(width)}  ${value}`)
    .join("\n")}`,
);
if (values.json) console.log(JSON.stringify({ bench: name, ...measured }));
process.exit(0);
