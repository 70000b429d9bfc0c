/** `data: {NAME: {path, pools: {POOL: PATH}}}`: pools that there are not. Pure. */
import { DiagnosticSeverity } from "vscode-languageserver/node";
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { closest } from "../../../../cluster/protocol/closest.ts";
import { isDataMap } from "../../../../cluster/protocol/configuration.ts";
import type { EditorState } from "../../contract.ts";
import type { ExperimentDocument, Path } from "../experiment/document.ts";
import type { Mark } from "./mark.ts";

const MOST_DEPTH = 20;

export function dataPoolMarks(experiment: ExperimentDocument, { pools }: EditorState): Mark[] {
  if (pools.length === 0) return []; // nothing is known yet
  const { value } = experiment;
  const names = pools.map(({ id }) => id);
  return dataMapsOf(value).flatMap((path) =>
    namesAt(valueAt(value, [...path, "pools"]))
      .filter((name) => !names.includes(name))
      .map((name) => {
        const known = closest(name, names);
        return {
          path: [...path, "pools", name],
          what: "key" as const,
          severity: DiagnosticSeverity.Warning,
          message: `There is no pool \`${name}\`.${known === null ? ` There are ${names.join(", ")}.` : ` Did you mean \`${known}\`?`}`,
          instead: known === null ? null : experiment.keyText(known),
        };
      }),
  );
}

function namesAt(pools: unknown): string[] {
  return typeof pools === "object" && pools !== null ? Object.keys(pools) : [];
}

/** Where below `data:` a place on pools is written. */
export function dataMapsOf(value: unknown): Path[] {
  const visit = (one: unknown, path: Path): Path[] => {
    if (typeof one !== "object" || one === null || path.length > MOST_DEPTH) return [];
    if (isDataMap(one)) return [path];
    return Object.entries(one).flatMap(([key, inner]) =>
      visit(inner, [...path, Array.isArray(one) ? Number(key) : key]),
    );
  };
  return visit(valueAt(value, ["data"]), ["data"]);
}

/** A key of such a map is typed at this path. */
export function isPoolsPath(path: Path): boolean {
  return path.length >= 3 && path[0] === "data" && path.at(-1) === "pools";
}
