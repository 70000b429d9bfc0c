/** Which script belongs to which experiment file, and the other way round. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { isInside } from "../../../cluster/client/insideFolder.ts";
import { findConfiguration } from "../../../cluster/client/configuration.ts";
import { scriptBeside } from "../../../cluster/client/scriptBeside.ts";
import type { EditorState } from "../contract.ts";
import type { OpenDocument } from "./documents.ts";
import { Roots } from "./files/roots.ts";
import { namedScripts } from "./pairs/entrypoint.ts";
import { follow, type LinkedScript } from "./pairs/follow.ts";

export interface Files {
  readonly state: EditorState;
  /** The open document, else what is on disk. */
  document(file: string): Promise<OpenDocument | null>;
  openDocuments(): readonly OpenDocument[];
}

/** An experiment file with the Python that it runs. */
export interface Link {
  readonly experiment: OpenDocument;
  /** The scripts first, then modules of the workspace that they import. Empty where nobody can tell. */
  readonly files: readonly LinkedScript[];
  /** False: there is more Python than was read, so that "never" cannot be said. */
  readonly isWhole: boolean;
}

/** Files of a folder that may be experiments are looked into up to this number. */
const MOST_CANDIDATES = 30;

export class Pairs {
  readonly #files: Files;
  constructor(files: Files) {
    this.#files = files;
  }

  /** What a script would be submitted with: its own block, what it was submitted with last, what lies beside it; null: nothing. */
  async experimentOf(script: OpenDocument): Promise<OpenDocument | null> {
    if (script.experiment !== null) return script;
    if (script.path === null) return null;
    const submitted = this.#files.state.submitted.find((one) => one.script === script.path);
    const chosen = submitted?.configuration === undefined ? "auto" : submitted.configuration;
    const file = chosen === "auto" ? await findConfiguration(script.path) : chosen;
    const document = file === null ? null : await this.#files.document(file);
    return document?.experiment ? document : null;
  }

  /**
   * The scripts that an experiment file runs: what its entrypoint names; without one, the script that it was submitted with,
   * else the one beside it. Absolute paths.
   */
  async scriptsOf(experiment: OpenDocument): Promise<string[]> {
    const { path: file } = experiment;
    if (file === null) return [];
    const entrypoint = entrypointOf(experiment);
    if (entrypoint !== undefined) return this.#named(entrypoint, file);
    if (experiment.languageId === "python") return [file];
    const used = this.#files.state.submitted.filter(({ configuration }) => configuration === file);
    if (used.length > 0) return used.map(({ script }) => script);
    const beside = await scriptBeside(file);
    return beside === null ? [] : [beside];
  }

  /** @param script the one that it is submitted with where it does not say itself; absolute path */
  async linkOf(experiment: OpenDocument, script: string | null = null): Promise<Link> {
    const own = await this.scriptsOf(experiment);
    const scripts = own.length === 0 && script !== null ? [script] : own;
    const around = this.folderOf(experiment.path ?? scripts[0] ?? "");
    const read = (file: string): Promise<OpenDocument | null> => this.#files.document(file);
    return { experiment, ...(await follow(read, scripts, around)) };
  }

  /** Of every experiment file that runs this Python file, or imports it; the one that it would be submitted with first. */
  async linksOf(python: OpenDocument): Promise<Link[]> {
    const own = await this.experimentOf(python);
    const candidates = new Set([...(own === null ? [] : [own]), ...(await this.#experimentsAround(python))]);
    const links = await Promise.all(
      [...candidates].map((one) => this.linkOf(one, one === own ? python.path : null)),
    );
    return links.filter(({ files }) => files.some(({ path: file }) => file === python.path));
  }

  /** The innermost workspace folder around a file, else the file's own. */
  folderOf(file: string): string {
    return new Roots(this.#files.state.folders).of(file) ?? path.dirname(file);
  }

  /** Each name is looked for from the workspace's folder, where runs start, then from the experiment file's. */
  async #named(entrypoint: unknown, file: string): Promise<string[]> {
    const around = this.folderOf(file);
    const found = new Set<string>();
    for (const choices of namedScripts(entrypoint)) {
      const files = [around, path.dirname(file)].flatMap((from) =>
        choices.map((choice) => path.resolve(from, choice)),
      );
      for (const one of files)
        if (isInside(one, around) && (await this.#files.document(one)) !== null) {
          found.add(one);
          break;
        }
    }
    return [...found];
  }

  /** Open ones, and those in the folders from the file's own up to the workspace's. */
  async #experimentsAround({ path: file }: OpenDocument): Promise<OpenDocument[]> {
    if (file === null) return [];
    const around = this.folderOf(file);
    const found = new Set(this.#files.openDocuments().filter(({ experiment }) => experiment !== null));
    for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
      const names = (await readdir(folder).catch(() => [])).filter((name) => /\.ya?ml$/.test(name));
      for (const name of names.slice(0, MOST_CANDIDATES)) {
        const document = await this.#files.document(path.join(folder, name));
        if (document?.experiment) found.add(document);
      }
      if (folder === around || !isInside(folder, around)) break;
    }
    return [...found];
  }
}

function entrypointOf({ experiment }: OpenDocument): unknown {
  const value = experiment?.value;
  return typeof value === "object" && value !== null && "entrypoint" in value ? value.entrypoint : undefined;
}
