/** What a training script says about itself, read from its syntax tree: nothing is run, nothing imported. Pure. */
import type { Range } from "vscode-languageserver/node";
import type { Tree } from "web-tree-sitter";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { readAssignments } from "./facts/assignments.ts";
import { readKeras } from "./facts/metrics/keras.ts";
import { readOthers } from "./facts/metrics/others.ts";
import { readTrials } from "./facts/metrics/trial.ts";
import { readReports } from "./facts/metrics/harness.ts";
import { readTrackers } from "./facts/metrics/trackers.ts";
import { readDeclared, readDecorated } from "./facts/parameters/declared.ts";
import { readAbsl, readArgparse, readClick, readForeignParser } from "./facts/parameters/flags.ts";
import { readHarness } from "./facts/parameters/harness.ts";
import { readSpaces } from "./facts/parameters/spaces.ts";
import { readRandom } from "./facts/random.ts";
import { Reading } from "./facts/reading.ts";
import { readProgram } from "./facts/scopes.ts";
import { type Glance, readEntry } from "./glance.ts";
import { Source } from "./source.ts";
import { type Statements, syntaxOf } from "./copy.ts";

export type ParameterKind =
  | "param" // trainyard.param("lr", 1e-3), run.param(...)
  | "subscript" // run.params["lr"], run.params.lr
  | "argparse" // and absl
  | "click" // and typer
  | "dataclass" // a field of one that is parsed from flags
  | "hydra" // cfg.optimizer.lr
  | "determined"; // context.get_hparam("lr"), info.trial.hparams["lr"]

/** A place where a script reads a parameter. */
export interface ParameterRead {
  /** Dotted, as a configuration nests it; of flags without dashes and with underscores. */
  readonly name: string;
  readonly kind: ParameterKind;
  /** What stands for the name: the literal inside of its quotes (of a flag without the dashes), an attribute, a field. */
  readonly nameRange: Range;
  /** The call, the field, the subscript. */
  readonly range: Range;
  /** As JSON; undefined where there is none, or none that is written as a literal. */
  readonly default: Json | undefined;
  readonly defaultRange: Range | null;
  readonly type: "int" | "float" | "bool" | "str" | null;
  readonly choices: readonly Json[] | null;
  /** Other names of the same flag, as the configuration would write them: `lr`, of `--learning-rate`, `--lr`. */
  readonly aliases?: readonly string[];
}

/** A place where a script reports a metric, by our harness or by a library that is captured. */
export interface MetricReport {
  readonly name: string;
  /** Null: it depends on what the script is told (an f-string, a variable), and `name` is "". */
  readonly nameRange: Range | null;
  /** `training`, `validation`; null where the call does not say. */
  readonly group: string | null;
  /** The call. */
  readonly range: Range;
}

/** `lr = 3e-4` (also in capitals, as an attribute of self, or a keyword `lr=3e-4`): a literal that a parameter may have stood for. */
export interface Assignment {
  readonly name: string;
  readonly value: Json;
  readonly range: Range;
  readonly valueRange: Range;
}

export interface RandomUse {
  /** `np.random.normal`, as it is written. */
  readonly what: string;
  readonly library: "random" | "numpy" | "torch" | "tensorflow";
  readonly range: Range;
}

export interface ScriptFacts extends Glance {
  readonly parameters: readonly ParameterRead[];
  /** It reads parameters by names that cannot be told (`run.params[name]`, `vars(args)`, `**run.params`): what seems unread may be read. */
  readonly readsAnyParameter: boolean;
  readonly metrics: readonly MetricReport[];
  /** It reports names that cannot be told. */
  readonly reportsAnyMetric: boolean;
  readonly assignments: readonly Assignment[];
  readonly randomUses: readonly RandomUse[];
  /** Libraries whose generator is seeded somewhere in it. */
  readonly seeded: ReadonlySet<RandomUse["library"]>;
}

/** Of a script that is not read: all is possible. */
export const NOT_READ: ScriptFacts = {
  ...{ imports: new Set<string>(), entry: null, parameters: [], readsAnyParameter: true },
  ...{ metrics: [], reportsAnyMetric: true, assignments: [], randomUses: [], seeded: new Set<never>() },
};

/** @param known statements of the same script before it was edited */
export function readFacts(tree: Tree, text: string, known?: Statements): ScriptFacts {
  const source = new Source(text);
  const root = syntaxOf(tree, text, known);
  const reading = new Reading(readProgram(root, source), source);
  for (const call of reading.calls) for (const read of OF_CALLS) read(call, reading);
  for (const read of OF_ALL) read(reading);
  const { program, parameters, metrics, readsAnyParameter, reportsAnyMetric } = reading;
  const byPlace = <T extends { range: Range }>(all: T[]): T[] =>
    all.sort((a, b) => inOrder(a.range, b.range));
  return {
    imports: program.imports,
    entry: readEntry(tree.rootNode, text),
    parameters: byPlace(parameters),
    readsAnyParameter,
    metrics: byPlace(metrics),
    reportsAnyMetric,
    assignments: readAssignments(reading),
    ...readRandom(reading),
  };
}

const OF_CALLS = [
  ...[readHarness, readArgparse, readForeignParser, readClick, readAbsl, readDeclared],
  ...[readReports, readTrackers],
];
const OF_ALL = [readDecorated, readSpaces, readKeras, readTrials, readOthers];

function inOrder({ start: a }: Range, { start: b }: Range): number {
  return a.line - b.line || a.character - b.character;
}
