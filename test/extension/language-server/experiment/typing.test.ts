import { describe, expect, it } from "vitest";
import type { Range } from "vscode-languageserver/node";
import { readYaml } from "../../../../src/cluster/client/configuration/yamlSource.ts";
import {
  type Typing,
  readExperiment,
} from "../../../../src/extension/language-server/server/experiment/document.ts";
import {
  typingIn,
  yamlTyping,
} from "../../../../src/extension/language-server/server/experiment/yamlTyping.ts";
import { withCursor } from "../rig.ts";
import { YAML } from "./corpus.ts";

/** `key searcher < name`: a key of the map at `searcher`, which has `name` already; and what is typed, in its range. */
function typed(marked: string, file = "train.yaml"): string | null {
  const { text, offset } = withCursor(marked);
  const languageId = file.endsWith(".py") ? "python" : "yaml";
  const typing = readExperiment({ file, languageId, text, isChosen: true })?.typingAt(offset);
  if (!typing) return null;
  const { start, end } = typing.range;
  expect(start.line).toBe(end.line);
  const line = text.split(/\r?\n/)[start.line] ?? "";
  const whole = line.slice(start.character, end.character);
  expect(whole.startsWith(typing.text)).toBe(true);
  const flags = [typing.style === "block" ? "" : typing.style, typing.isQuoted ? "quoted" : ""].filter(
    Boolean,
  );
  const beside = typing.present.length === 0 ? "" : ` < ${typing.present.join(" ")}`;
  return [`${typing.what} ${typing.path.join(".")}${beside}`, whole, ...flags].join(" | ");
}

describe("what is typed in YAML", () => {
  it.each<[string, string | null]>([
    ["|", "key  | "],
    ["na|", "key  | na"],
    ["name: x\n|", "key  < name | "],
    ["searcher:\n  name: random\n  m|\n", "key searcher < name | m"],
    ["searcher:\n  |\n  name: x\n", "key searcher < name | "],
    ["searcher:\n  |\n", "key searcher | "],
    ["searcher:\n|\nresources:\n  a: 1", "key  < searcher resources | "],
    ["searcher:\n  max_tri|als: 4\n  name: grid", "key searcher < name | max_trials"],
    ["searcher:\r\n  name: random\r\n  m|\r\n", "key searcher < name | m"],
    ["\uFEFFsearcher:\n  m|\n", "key searcher | m"],
    ["searcher:\n\tname: ra|", "value searcher.name | ra"],
    ["searcher: |\n", "value searcher | "],
    ["name: |", "value name | "],
    ["name: two wo|rds # and more", "value name | two words"],
    ["searcher:\n  name: |\n  metric: x\n", "value searcher.name | "],
    ["searcher: {name: ra|}", "value searcher.name | ra | flow"],
    ["searcher: {name: random, m|}", "key searcher < name | m | flow"],
    ["searcher: {|}", "key searcher |  | flow"],
    ["searcher: {name: random, |\nresources:\n  a: 1\n", "key searcher < name |  | flow"],
    ["hyperparameters:\n  lr: {type: |", "value hyperparameters.lr.type |  | flow"],
    ["hyperparameters:\n  lr:\n    type: lo|g\n    minval: 1", "value hyperparameters.lr.type | log"],
    ["log_policies:\n  - |\n", "value log_policies.0 | "],
    ["log_policies:\n  - name: x\n    a|\n", "key log_policies.0 < name | a"],
    ["labels: [a, |]", "value labels.1 |  | flow"],
    ["capture:\n- me|trics", "value capture.0 | metrics"],
    ['name: "ab|c"', "value name | abc | quoted"],
    ["name: 'a|", "value name | a | quoted"],
    ['name: "a # b|"', "value name | a # b | quoted"],
    ["a: &x {b: 1}\nc:\n  <<: *x\n  d|", "key c < << | d"],
    ["name: a\n---\nsearcher:\n  na|\n", "key searcher | na"],
    ['name: "x\nsearcher:\n  m|\n', "key searcher | m"],
    ["# co|m", null],
    ["name: x # |", null],
    ["name:|", null],
    ["description: >\n  foo |", null],
  ])("%j", (marked, expected) => expect(typed(marked)).toBe(expected));

  it("hundreds of levels down", () => {
    const lines = Array.from({ length: 300 }, (_, depth) => `${" ".repeat(depth)}a${depth}:`);
    const found = typed(
      `hyperparameters:\n${lines.map((line) => ` ${line}`).join("\n")}\n${" ".repeat(301)}x|`,
    );
    expect(found).toMatch(/^key hyperparameters\.a0\..*\.a299 \| x$/);
  });
});

describe("what is typed in a long file", () => {
  const told = (typing: Typing | null): unknown => typing && { ...typing, present: [] };

  it("is the same as where all of it is parsed", () => {
    const filler = `data:\n${"  - {a: b}\n".repeat(200)}`;
    for (const text of YAML.slice(0, 3).map((one) => `${one}${filler}`)) {
      const lines = text.split("\n");
      // At every place of the part that is written by hand, and with a word begun on a new line below each of its lines.
      const places = Array.from({ length: text.length - filler.length }, (_, at) => ({ text, at }));
      const begun = lines.slice(0, -200).flatMap((line, index) => {
        const indent = /^ */.exec(line)?.[0] ?? "";
        const above = [...lines.slice(0, index + 1), `${indent}ma`];
        return [{ text: [...above, ...lines.slice(index + 1)].join("\n"), at: above.join("\n").length }];
      });
      // In the middle of an indent nobody types.
      const isInIndent = (at: number): boolean => /(^|\n) *$/.test(text.slice(0, at)) && text[at] === " ";
      for (const { text: now, at } of [
        ...places.filter(({ at }) => at % 3 === 0 && !isInIndent(at)),
        ...begun,
      ]) {
        const range = ([from, to]: readonly [number, number]): Range => ({
          start: { line: 0, character: from },
          end: { line: 0, character: to },
        });
        const source = readYaml("train.yaml", now);
        const [part, whole] = [yamlTyping(source, now, at, range), typingIn(now, at, range)];
        const where = now.slice(Math.max(0, at - 60), at);
        expect(told(part), where).toEqual(told(whole));
        // A mark in a file may break what is beside it, which is read without one where only a part is parsed.
        expect(part?.present ?? [], where).toEqual(expect.arrayContaining([...(whole?.present ?? [])]));
      }
    }
  }, 60_000);
});

describe("what is typed in a script's table", () => {
  const script = (block: string): string =>
    `# /// script\n# dependencies = ["a"]\n#\n${block.replace(/^/gm, "# ")}\n# ///\nimport x\n`;
  it.each<[string, string | null]>([
    ["[tool.trainyard]\nna|", "key  | na"],
    ["[tool.trainyard]\n|\nname = 'x'", "key  < name | "],
    ["[tool.trainyard]\nname = 'x|'", "value name | x | quoted"],
    ["[tool.trainyard]\nname = |", "value name | "],
    ["[tool.trainyard]\nsearcher.na|me = 'x'", "key searcher | name"],
    ['[tool.trainyard]\nsearcher = { name = "ra|" }', "value searcher.name | ra | flow | quoted"],
    ['[tool.trainyard]\nsearcher = { name = "random", m| }', "key searcher < name | m | flow"],
    ["[tool.trainyard.sea|]", "key  | sea | header"],
    ["[tool.trainyard.searcher]\nname = |\nmax_trials = 3", "value searcher.name | "],
    ["[tool.trainyard.searcher]\nname = 'grid'\nm|", "key searcher < name | m"],
    ['[tool.trainyard]\nlabels = [\n  "a",\n  "|\n]', "value labels.1 |  | flow | quoted"],
    [
      '[tool.trainyard.hyperparameters]\nlr = {type = "log", minval = -|',
      "value hyperparameters.lr.minval | - | flow",
    ],
    [
      "[[tool.trainyard.log_policies]]\nname = 'a'\n[[tool.trainyard.log_policies]]\nact|",
      "key log_policies.1 | act",
    ],
    ["[tool.trainyard]\nlabels = [\n[tool.trainyard.searcher]\nna|", "key searcher | na"],
    ["[tool.trainyard]\nmax_restarts = 3 # |", null],
    ["[tool.trainyard]\nname = 'x' |", null],
    ["[tool.ruff]\nli|\n[tool.trainyard]\nname = 'x'", null],
  ])("%j", (marked, expected) => expect(typed(script(marked), "train.py")).toBe(expected));

  it("and nothing in the Python below it", () => {
    expect(typed(`${script("[tool.trainyard]")}na|`, "train.py")).toBeNull();
  });
});
