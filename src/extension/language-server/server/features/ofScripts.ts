/** In an experiment file: what its script knows, and what does not fit it. */
import type { Feature } from "../feature.ts";
import { completeNames } from "../links/complete.ts";
import { diagnosticOf } from "../links/finding.ts";
import { metricFindings } from "../links/metrics.ts";
import { parameterFindings } from "../links/parameterFindings.ts";
import type { Workspace } from "../workspace.ts";

export const ofScripts = (workspace: Workspace): Feature => ({
  name: "an experiment file and its script",
  diagnostics: async (document) => {
    if (document.experiment === null) return [];
    const link = await workspace.pairs.linkOf(document);
    return [...parameterFindings(link), ...metricFindings(link)].map(diagnosticOf);
  },
  completions: async ({ document, offset }) => {
    const { experiment } = document;
    const typing = experiment?.typingAt(offset);
    if (!experiment || !typing || typing.path.length === 0) return [];
    return completeNames(await workspace.pairs.linkOf(document), experiment, typing);
  },
});
