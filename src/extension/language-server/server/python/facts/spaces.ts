/** What holds a script's hyperparameters as a whole, by its path. */
import type { Syntax } from "../syntax.ts";
import type { Parameter, PythonFunction } from "./program.ts";
import type { Space } from "./values.ts";

export function spaceAt(path: string): Space | null {
  if (path === "trainyard.init().params") return { kind: "subscript", keys: [] };
  if (path.endsWith(".trial.hparams") || path.endsWith(".get_hparams()"))
    return { kind: "determined", keys: [] };
  if (path === "hydra.compose()") return { kind: "hydra", keys: [] };
  return null;
}

/** What a run's environment has as JSON. */
export function spaceOfText(path: string): Space | null {
  if (path === "os.environ.TRAINYARD_PARAMS") return { kind: "subscript", keys: [] };
  return path === "os.environ.DET_HPARAMS" ? { kind: "determined", keys: [] } : null;
}

/** Hydra gives the composed configuration to the function that it decorates. */
export function spaceOfParameter(
  owner: PythonFunction,
  parameter: Parameter,
  pathOf: (decorator: Syntax) => string,
): Space | null {
  const isHydras = parameter.index === 0 && owner.decorators.some((one) => pathOf(one) === "hydra.main");
  return isHydras ? { kind: "hydra", keys: [] } : null;
}

const WRAPPERS = new Set([
  ...[
    "dict",
    "SimpleNamespace",
    "Namespace",
    "AttrDict",
    "AttributeDict",
    "DotDict",
    "Box",
    "EasyDict",
    "edict",
  ],
  ...["deepcopy", "copy", "create", "to_container"],
]);

/** Makes something of the same names of what it is given. */
export function isWrapper(path: string): boolean {
  return WRAPPERS.has(path.slice(path.lastIndexOf(".") + 1));
}
