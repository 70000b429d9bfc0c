/** Where an experiment names paths of the workspace, and what is not there. */
import { DiagnosticSeverity } from "vscode-languageserver/node";
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { isDataMap } from "../../../../cluster/protocol/configuration.ts";
import type { Path } from "../experiment/document.ts";
import type { Mark } from "../pools/mark.ts";
import type { Roots } from "./roots.ts";

/** Of one experiment. */
const MOST_PATHS = 100;
const MOST_DEPTH = 20;

interface Written {
  readonly path: Path;
  readonly text: string;
  readonly missing: string;
}

export async function pathMarks(value: unknown, roots: Roots, root: string): Promise<Mark[]> {
  const written = [...dataPaths(valueAt(value, ["data"]), ["data"]), ...environmentPaths(value)];
  const found = await Promise.all(
    written.slice(0, MOST_PATHS).map(async ({ path, text, missing }): Promise<Mark[]> => {
      if ((await roots.isThere(root, text)) !== "nothing") return [];
      return [{ path, what: "value", severity: DiagnosticSeverity.Information, message: missing }];
    }),
  );
  return found.flat();
}

/**
 * Entries of `data:` are a person's own: only what can be nothing but a path of the workspace is taken for one. What is on pools
 * (`{path, pools}`) need not be here.
 */
function dataPaths(value: unknown, path: Path): Written[] {
  if (typeof value === "string")
    return looksLikePath(value)
      ? [
          {
            path,
            text: value,
            missing: `There is no ${value} in the workspace folder, so runs get no link to it.`,
          },
        ]
      : [];
  if (typeof value !== "object" || value === null || isDataMap(value) || path.length > MOST_DEPTH) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    dataPaths(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function looksLikePath(text: string): boolean {
  return (
    /^(\.\/)?[\w.-]+(\/[\w.-]+)*\/?$/.test(text) &&
    text.length <= 4096 &&
    (text.startsWith("./") || text.includes("/"))
  );
}

function environmentPaths(value: unknown): Written[] {
  const [python, venv] = ["python", "venv"].map((key) => valueAt(value, ["environment", key]));
  const written: Written[] = [];
  // Without a slash it is a name on PATH.
  if (typeof python === "string" && python.includes("/") && !python.startsWith("~"))
    written.push({
      ...{ path: ["environment", "python"], text: python },
      missing: `There is no interpreter ${python} here.`,
    });
  if (typeof venv === "string" && !venv.startsWith("~"))
    written.push({
      ...{ path: ["environment", "venv"], text: venv },
      missing: `There is no virtual environment ${venv} here.`,
    });
  return written;
}

/** A path may be typed as the value there. */
export function isPathPlace(path: Path): boolean {
  if (path[0] === "data") return path.length > 1 && path.at(-2) !== "pools";
  return path.length === 2 && path[0] === "environment" && ["python", "venv"].includes(String(path[1]));
}
