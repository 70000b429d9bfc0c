/** In an experiment file: what its script knows, and what does not fit it. */
import { type CompletionItem } from "vscode-languageserver/node";
import type { Feature, Place } from "../feature.ts";
import { completeNames, completeReads } from "../links/complete.ts";
import { diagnosticOf } from "../links/finding.ts";
import { contains } from "../links/occurrences.ts";
import { metricFindings } from "../links/metrics.ts";
import { parameterFindings } from "../links/parameterFindings.ts";
import { isNamedByText } from "../links/parameters.ts";
import type { Workspace } from "../workspace.ts";

export const ofScripts = (workspace: Workspace): Feature => ({
  name: "an experiment file and its script",
  diagnostics: async (document) => {
    if (document.experiment === null) return [];
    const link = await workspace.pairs.linkOf(document);
    return [...parameterFindings(link), ...metricFindings(link)].map(diagnosticOf);
  },
  completions: async (place) => {
    const { document, offset } = place;
    const { experiment } = document;
    const typing = experiment?.typingAt(offset);
    if (!experiment || !typing) return inScript(workspace, place);
    if (typing.path.length === 0) return [];
    return completeNames(await workspace.pairs.linkOf(document), experiment, typing);
  },
});

async function inScript(
  workspace: Workspace,
  { document, position, offset }: Place,
): Promise<CompletionItem[]> {
  const script = await document.script();
  const { path } = document;
  if (!script || path === null) return [];
  // What is read of the whole script is asked for within texts alone.
  if (
    !["string", "string_content", "string_start", "string_end"].includes(
      script.tree.rootNode.descendantForIndex(offset)?.type ?? "",
    )
  )
    return [];
  const { facts } = script;
  const read = facts.parameters.find((one) => isNamedByText(one) && contains(one.nameRange, position));
  if (!read) return [];
  const file = { document, path, facts, script, isEntry: true };
  return completeReads(await workspace.pairs.linksOf(document), { file, read });
}
