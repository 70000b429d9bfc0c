/** `npx vitest run test/extension/language-server/python/golden.test.ts -u` writes them anew. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { ScriptFacts } from "../../../../src/extension/language-server/server/python/facts.ts";
import { factsOf, textAt } from "./facts.ts";

const ROOT = path.join(import.meta.dirname, "../../../..");
const GOLDEN = path.join(ROOT, "test/golden/language");
const SCRIPTS = [
  ...["examples/digits/train.py", "examples/digits/train_torch.py", "examples/tensorboard/train.py"],
  ...readdirSync(path.join(GOLDEN, "scripts")).map((name) => `test/golden/language/scripts/${name}`),
];

describe("facts of whole scripts", () => {
  it.each(SCRIPTS)("%s", async (name) => {
    const facts = factsOf(readFileSync(path.join(ROOT, name), "utf8"));
    const golden = `${name.replace("test/golden/language/scripts/", "").replaceAll("/", "-").replace(/\.py$/, "")}.json`;
    await expect(written(name, facts)).toMatchFileSnapshot(path.join(GOLDEN, golden));
  });

  it.each(SCRIPTS)("names of %s stand where they are said to", (name) => {
    const text = readFileSync(path.join(ROOT, name), "utf8");
    const { parameters, metrics } = factsOf(text);
    for (const { name, nameRange } of parameters)
      expect(name.split(".").at(-1)).toBe(textAt(text, nameRange)?.replaceAll("-", "_").toLowerCase());
    for (const { name, nameRange } of metrics) {
      const said = textAt(text, nameRange);
      if (said !== null && !/^[A-Z]/.test(said)) expect(name).toContain(said);
    }
  });
});

/** A line for each fact. */
function written(script: string, { imports, seeded, ...facts }: ScriptFacts): string {
  const all = { script, imports: [...imports], seeded: [...seeded], ...facts };
  const lines = Object.entries(all).map(([key, value]) => {
    const isList = Array.isArray(value) && value.some((one) => typeof one === "object");
    const items = isList ? value.map((one) => `\n    ${JSON.stringify(one)}`).join(",") : "";
    return `  ${JSON.stringify(key)}: ${isList ? `[${items}\n  ]` : JSON.stringify(value)}`;
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}
