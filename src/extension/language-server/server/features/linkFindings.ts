/** In an experiment file: what does not fit its script. */
import type { Feature } from "../feature.ts";
import { diagnosticOf, fixesOf } from "../links/finding.ts";
import { metricFindings } from "../links/metrics.ts";
import { parameterFindings } from "../links/parameterFindings.ts";
import type { Workspace } from "../workspace.ts";

export const linkFindings = (workspace: Workspace): Feature => ({
  name: "an experiment file and its script",
  diagnostics: async (document) => {
    if (document.experiment === null) return [];
    const link = await workspace.pairs.linkOf(document);
    return [...parameterFindings(link), ...metricFindings(link)].map(diagnosticOf);
  },
  actions: (document, _range, diagnostics) => fixesOf(document.uri, diagnostics),
});
