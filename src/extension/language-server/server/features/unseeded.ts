/** Random numbers in a script of a search that nothing seeds: its trials differ by chance, too. Only to be known. */
import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver/node";
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { type Feature, SOURCE } from "../feature.ts";
import type { RandomUse, ScriptFacts } from "../python/facts.ts";
import type { Workspace } from "../workspace.ts";

const SEEDS: Readonly<Record<RandomUse["library"], (seed: string) => string>> = {
  random: (seed) => `random.seed(${seed})`,
  numpy: (seed) => `numpy.random.seed(${seed})`,
  torch: (seed) => `torch.manual_seed(${seed})`,
  tensorflow: (seed) => `tensorflow.random.set_seed(${seed})`,
};

export const unseeded = (workspace: Workspace): Feature => ({
  name: "unseeded random numbers",
  diagnostics: async (document) => {
    const facts = (await document.script())?.facts;
    if (!facts || facts.randomUses.length === 0) return [];
    const experiment = (await workspace.experimentOf(document))?.experiment;
    if (!isSearch(experiment?.value)) return [];
    const found = new Map<string, RandomUse>();
    for (const use of facts.randomUses)
      if (!facts.seeded.has(use.library) && !found.has(use.library)) found.set(use.library, use);
    return [...found.values()].map((use) => diagnosticOf(use, facts));
  },
});

function diagnosticOf({ what, library, range }: RandomUse, { imports }: ScriptFacts): Diagnostic {
  const seed = imports.has("trainyard") ? "run.seed" : 'int(os.environ["TRAINYARD_SEED"])';
  return {
    range,
    severity: DiagnosticSeverity.Information,
    source: SOURCE,
    message:
      `\`${what}\` is not seeded, so that trials of this search differ by chance, too. ` +
      `Each trial has a seed of its own: \`${SEEDS[library](seed)}\`.`,
  };
}

function isSearch(value: unknown): boolean {
  const name = valueAt(value, ["searcher", "name"]);
  return typeof name === "string" && name !== "single";
}
