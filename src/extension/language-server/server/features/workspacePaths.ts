/** Paths of the workspace in an experiment file: which are not there, and what is there to be named. */
import { CompletionItemKind } from "vscode-languageserver/node";
import type { OpenDocument } from "../documents.ts";
import type { Feature } from "../feature.ts";
import { isPathPlace, pathMarks } from "../files/paths.ts";
import { Roots } from "../files/roots.ts";
import { marked } from "../pools/mark.ts";
import type { Workspace } from "../workspace.ts";

export function workspacePaths(workspace: Workspace): Feature {
  const rootOf = ({ path }: OpenDocument): { roots: Roots; root: string } | null => {
    const roots = new Roots(workspace.state.folders);
    const root = path === null ? null : roots.of(path);
    return root === null ? null : { roots, root };
  };
  return {
    name: "paths of the workspace",

    diagnostics: async (document) => {
      const { experiment } = document;
      const place = experiment && rootOf(document);
      if (!place) return [];
      return marked(experiment, await pathMarks(experiment.value, place.roots, place.root));
    },

    completions: async ({ document, offset }) => {
      const { experiment } = document;
      const place = experiment && rootOf(document);
      const typing = place && experiment.typingAt(offset);
      if (!typing || typing.what !== "value" || !isPathPlace(typing.path)) return [];
      const quote = /^["']/.exec(typing.text)?.[0] ?? (experiment.syntax === "toml" ? '"' : "");
      const typed = typing.text.replace(/^["']/, "");
      return (await place.roots.goOn(place.root, typed)).map((found) => ({
        label: found,
        kind: found.endsWith("/") ? CompletionItemKind.Folder : CompletionItemKind.File,
        filterText: `${/^["']/.test(typing.text) ? quote : ""}${found}`,
        textEdit: { range: typing.range, newText: written(found, quote) },
      }));
    },
  };
}

function written(text: string, quote: string): string {
  if (quote === "'" && !text.includes("'")) return `'${text}'`;
  return quote === "" && /^[\w./-]+$/.test(text) ? text : JSON.stringify(text);
}
