import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corpus, SNIPPETS } from "./corpus.ts";
import { watchdog } from "../watchdog.ts";
import { factsOf, metricsOf, parametersOf, rangesOf } from "./facts.ts";

const golden = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, "../../../golden/language/scripts", name), "utf8");

describe("an unfinished script", () => {
  it.each(["hydra_train.py", "keras_fit.py", "click_wandb.py"])(
    "%s, cut at each position",
    (name) => {
      const text = golden(name);
      for (let end = 0; end <= text.length; end += 1) {
        const facts = factsOf(text.slice(0, end));
        for (const { end: last } of rangesOf(facts))
          expect(last.line).toBeLessThanOrEqual(text.split("\n").length);
      }
    },
    120_000,
  );

  it("says what its open calls say already", () => {
    expect(parametersOf('import trainyard\nlr = trainyard.param("lr", 1e-3')).toEqual([
      "param lr=0.001: float",
    ]);
    expect(
      parametersOf("p.add_argument('--lr', type=float, default=1,\np.add_argument('--n', type=int)"),
    ).toEqual(["argparse lr=1: float", "argparse n: int"]);
    expect(
      metricsOf("import trainyard\nrun = trainyard.init()\nif x:\n  run.report(3, loss=1, acc=2"),
    ).toEqual(["training/loss", "training/acc"]);
  });

  it("keeps what is before and behind a mistake", () => {
    const text =
      "import trainyard\ntrainyard.param('a', 1)\nprint 'two', x\nfor in y:\n\ntrainyard.param('b', 2)\n";
    expect(parametersOf(text)).toEqual(["param a=1: int", "param b=2: int"]);
  });
});

describe("whatever a file holds", () => {
  const before = "import trainyard\ntrainyard.param('a', 1)\n";
  const after = "\ntrainyard.param('b', 2)\n";
  it.each([
    ["Python 2", 'print "x" % 3, y\nexec "code" in d\nraise E, "text"\nn = 10L'],
    [
      "Python 3.14",
      't = t"{x}"\ntry:\n  pass\nexcept A, B:\n  pass\ntype T[X] = list[X]\ndef f(a: Later) -> Later: pass',
    ],
    ["match", "match x:\n  case {'a': [1, *r], **k} if r: pass\n  case P(x=0) | None: pass"],
    ["lines of notebooks", "%matplotlib inline\n!pip install x\n?help"],
    ["tabs", "if x:\n\ty = 1\n\tif z:\n\t\tw = 2"],
    ["what lies between", "\u2028\u00a0😀 = 1 # \ud83d"],
    ["lone surrogates", "x = '\ud800'"],
    ["NUL", "x = '\0'\n\0"],
  ])("%s", (_, text) => {
    expect(parametersOf(before + text + after)).toEqual(["param a=1: int", "param b=2: int"]);
  });

  it("CRLF, a single CR and a byte order mark", () => {
    const text = "\ufeffimport trainyard\r\ntrainyard.param('a', 1)\r\rtrainyard.param('b', 2)\r\n";
    const found = factsOf(text).parameters;
    expect(found.map(({ name, range }) => [name, range.start.line])).toEqual([
      ["a", 1],
      ["b", 3],
    ]);
  });

  it.each([
    ["brackets", `${"(".repeat(10_000)}1${")".repeat(10_000)}`],
    ["open brackets", "f(".repeat(10_000)],
    ["lists", `x = ${"[".repeat(10_000)}${"]".repeat(10_000)}`],
    ["attributes", `trainyard${".a".repeat(10_000)}`],
    ["calls", `f${"()".repeat(10_000)}`],
    ["operators", `x = ${"1 + ".repeat(10_000)}1`],
    ["strings", `x = ${"'a' ".repeat(10_000)}`],
    [
      "blocks",
      Array.from({ length: 90 }, (_, i) => `${" ".repeat(i)}if x:\n`).join("") + " ".repeat(90) + "pass",
    ],
    ["names", Array.from({ length: 5000 }, (_, i) => `x${i + 1} = x${i}\n`).join("")],
    ["cycles", "a = b\nb = a\ndef f(x): return f(x)\nf(f(1)).y\nclass A(A): pass"],
  ])("10,000 deep: %s", (_, text) => {
    expect(parametersOf(before + text)).toContain("param a=1: int");
  });

  it("too much of it: nothing is known, and nothing said to be missing", () => {
    const facts = factsOf(before + "x = 1\n".repeat(100_000));
    expect(facts).toMatchObject({ parameters: [], readsAnyParameter: true, reportsAnyMetric: true });
  });

  it("10,000 damaged files", async () => {
    const dog = watchdog();
    const texts = corpus();
    const piece = fc
      .tuple(
        fc.constantFrom(...texts),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 20, max: 800 }),
      )
      .map(([text, at, size]) => {
        const start = Math.floor(at * text.length);
        return text.slice(start, start + size);
      });
    const part = fc.oneof(
      { arbitrary: piece, weight: 3 },
      fc.constantFrom(...SNIPPETS),
      fc.string({ maxLength: 20 }),
    );
    const damaged = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(damaged, (text) => {
        dog.beat();
        factsOf(text);
      }),
      { seed: 11, numRuns: 10_000 },
    );
    await dog.stop();
  }, 300_000);
});
