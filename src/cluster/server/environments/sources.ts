/** What an environment can be built from: files of a snapshot, found and read. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path/posix";
import { parse as parseToml } from "smol-toml";
import * as z from "zod";
import type { SourceKind } from "../../protocol/environments.ts";
import { findInside } from "../insidePath.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const MOST_INCLUDED = 50;
const BLOCK = /^# \/\/\/ script$\s((?:^#(?:| .*)$\s?)+?)^# \/\/\/$/m;

const Dependencies = z.array(z.string().max(4096)).max(10_000);
const Project = z.object({ project: z.object({ dependencies: Dependencies }) });
const Script = z.object({ dependencies: Dependencies });

export interface Source {
  kind: SourceKind;
  /** Relative to the snapshot's root, as all paths here. */
  path: string;
  /** What the building gets to see, by path. The first is what is named on its command line. */
  files: ReadonlyMap<string, string>;
}

/** Nearest to the script first. @param root absolute path of the snapshot's folder */
export async function findSources(root: string, directory: string, script: string): Promise<Source[]> {
  const scriptPath = path.join(directory, script);
  const found: (Source | null)[] = [await ofScript(root, scriptPath)];
  for (const folder of foldersUpFrom(path.dirname(scriptPath)))
    for (const reader of READERS) found.push(await reader(root, folder));
  return found.filter((source) => source !== null);
}

/** Of all that the building depends on. */
export function sourceHash({ kind, files }: Source): string {
  return createHash("sha256")
    .update(JSON.stringify([kind, [...files]]))
    .digest("hex");
}

type Reader = (root: string, folder: string) => Promise<Source | null>;

const READERS: readonly Reader[] = [
  async (root, folder) => {
    const lock = await read(root, path.join(folder, "uv.lock"));
    const project = await read(root, path.join(folder, "pyproject.toml"));
    if (lock === null || project === null) return null;
    const files = new Map([
      ["uv.lock", lock],
      ["pyproject.toml", project],
    ]);
    return { kind: "uv.lock", path: path.join(folder, "uv.lock"), files };
  },
  async (root, folder) => {
    const file = path.join(folder, "requirements.txt");
    const files = new Map<string, string>();
    await readRequirements(root, file, files);
    return files.size === 0 ? null : { kind: "requirements.txt", path: file, files };
  },
  async (root, folder) => {
    const file = path.join(folder, "pyproject.toml");
    const project = Project.safeParse(toml((await read(root, file)) ?? ""));
    return project.success ? ofList("pyproject.toml", file, project.data.project.dependencies) : null;
  },
  async (root, folder) => {
    for (const name of ["environment.yml", "environment.yaml"]) {
      const file = path.join(folder, name);
      const text = await read(root, file);
      if (text !== null)
        return { kind: "environment.yml", path: file, files: new Map([["environment.yml", text]]) };
    }
    return null;
  },
];

/** The block of PEP 723. */
async function ofScript(root: string, script: string): Promise<Source | null> {
  const block = BLOCK.exec(((await read(root, script)) ?? "").replaceAll("\r\n", "\n"))?.[1];
  if (block === undefined) return null;
  const text = block
    .split("\n")
    .map((line) => line.replace(/^# ?/, ""))
    .join("\n");
  const parsed = Script.safeParse(toml(text));
  return parsed.success ? ofList("script", script, parsed.data.dependencies) : null;
}

function ofList(kind: SourceKind, file: string, dependencies: readonly string[]): Source | null {
  // A line of its own each: what a file of the workspace says must not become an option of the installer.
  const proper = dependencies.filter((line) => !/[\r\n]/.test(line) && !/^\s*-/.test(line));
  if (proper.length === 0) return null;
  return { kind, path: file, files: new Map([["requirements.txt", `${proper.join("\n")}\n`]]) };
}

/** With what it includes. Folders of the workspace are not installed: the run has the code itself. */
async function readRequirements(root: string, file: string, files: Map<string, string>): Promise<void> {
  if (files.has(file) || files.size >= MOST_INCLUDED) return;
  const text = await read(root, file);
  if (text === null) return;
  const lines = text.split(/\r?\n/);
  files.set(file, lines.filter((line) => !isFolder(line)).join("\n"));
  for (const line of lines) {
    const included = /^\s*(?:-r|-c|--requirement|--constraint)[\s=]*([^\s#]+)/.exec(line)?.[1];
    if (included !== undefined && !path.isAbsolute(included))
      await readRequirements(root, path.join(path.dirname(file), included), files);
  }
}

function isFolder(line: string): boolean {
  return /^\s*(?:(?:-e|--editable)[\s=]*)?\.{1,2}(?:\/|\[|\s|#|$)/.test(line);
}

function toml(text: string): unknown {
  try {
    return parseToml(text);
  } catch {
    return null; // whoever reads it next says what is wrong with it
  }
}

async function read(root: string, file: string): Promise<string | null> {
  const found = await findInside(root, file, "file");
  if (found === null || found.bytes > MAX_BYTES) return null;
  return readFile(found.path, "utf8");
}

function foldersUpFrom(folder: string): string[] {
  return folder === "." || folder === "/" ? ["."] : [folder, ...foldersUpFrom(path.dirname(folder))];
}
