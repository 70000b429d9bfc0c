/** All experiment files and Python files that have to do with a document: what a reference may be in, and what a rename changes. */
import type { OpenDocument } from "../documents.ts";
import type { Link } from "../pairs.ts";
import type { LinkedScript } from "../pairs/follow.ts";
import type { Workspace } from "../workspace.ts";

export interface Around {
  readonly experiments: readonly OpenDocument[];
  readonly files: readonly LinkedScript[];
  /** The document's own first. */
  readonly links: readonly Link[];
}

export async function around(workspace: Workspace, document: OpenDocument): Promise<Around> {
  const own = document.experiment === null ? [] : [await workspace.pairs.linkOf(document)];
  const scripts = own.flatMap(({ files }) =>
    files.filter(({ isEntry }) => isEntry).map((one) => one.document),
  );
  const python = document.languageId === "python" && !scripts.includes(document) ? [document] : [];
  const others = await Promise.all([...python, ...scripts].map((script) => workspace.pairs.linksOf(script)));
  const links = new Map([...own, ...others.flat()].map((link) => [link.experiment.uri, link]));
  const files = new Map(
    [...links.values()].flatMap((link) => link.files.map((file) => [file.path, file] as const)),
  );
  const { path: file } = document;
  // A script without any experiment is looked at by itself.
  if (document.languageId === "python" && file !== null && !files.has(file)) {
    const script = await document.script();
    if (script) files.set(file, { document, path: file, facts: script.facts, script, isEntry: true });
  }
  return {
    links: [...links.values()],
    experiments: [...links.values()].map(({ experiment }) => experiment),
    files: [...files.values()],
  };
}
