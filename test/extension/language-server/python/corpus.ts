/** Real Python to edit and to damage: the examples, the golden scripts, and the harness itself. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "../../../..");

export function corpus(): string[] {
  const patterns = ["examples/**/*.py", "test/golden/language/scripts/*.py", "src/cluster/python/**/*.py"];
  return patterns
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT }).sort())
    .map((name) => readFileSync(path.join(ROOT, name), "utf8"));
}

/** What a person, or a bad day, puts anywhere. */
export const SNIPPETS = [
  ...["(", ")", "[", "]", "{", "}", ",", ":", ".", "=", "@", "\\", "#", "'", '"', '"""', "'''", 'f"{', 't"{'],
  ...[
    "\n",
    "\r\n",
    "\r",
    "\t",
    "    ",
    "\n\n\n",
    ";",
    "\0",
    "\ufeff",
    "é",
    "😀",
    "\ud800",
    "\udc00",
    "\u2028",
  ],
  ...[
    "def f(",
    "class A:\n",
    "if x:\n",
    "lambda: ",
    "async ",
    "match x:\n  case ",
    "except A, B:",
    "print x\n",
    "*",
    "**",
  ],
  ...[
    "trainyard.param('x', 1)",
    "run.report(step, loss=1",
    "self.log(",
    "parser.add_argument('--a', ",
    "%matplotlib inline\n",
  ],
  ...[
    "import trainyard\n",
    "x = 1_0e-3\n",
    "!pip install x\n",
    "return {",
    "p['",
    "cfg.a.b",
    "-",
    "not ",
    "0x",
  ],
];
