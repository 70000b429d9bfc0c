/** Finds and reads the experiment configuration of a script. */
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import type { ExperimentConfiguration } from "../protocol/configuration.ts";
import { DataMap, environmentOf, isDataMap, withoutConfiguration } from "../protocol/configuration.ts";
import { checkConfiguration, type Checked } from "./configuration/check.ts";
import { CONFIGURATION_NAMES } from "./configuration/names.ts";
import type { Located } from "./configuration/places.ts";
import { isScriptFile, readSource } from "./configuration/readSource.ts";
import { MOST_BYTES } from "./configuration/source.ts";
import { readScriptTable } from "./configuration/tomlSource.ts";
import { messageOf, UserError } from "./userError.ts";

export type { Located } from "./configuration/places.ts";

export interface LoadedConfiguration extends Checked {
  file: string;
  /** What of the file is the configuration, for who shows it. */
  text: string;
  /** `max_restarts` is 5 by default with a configuration, which a person may not expect: say so only when unset. */
  maxRestartsSet: boolean;
  /** Names in `${secret:NAME}` values of the environment. */
  secretNames: string[];
}

/** The configuration has mistakes: `problems` says each with its line and column. */
export class ConfigurationError extends UserError {
  readonly problems: readonly Located[];
  constructor(problems: readonly Located[]) {
    super(
      problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`).join("\n"),
    );
    this.problems = problems;
  }
}

/** What a script is submitted with when nothing was chosen: its own block, else what lies beside it, else null. */
export async function findConfiguration(script: string): Promise<string | null> {
  if (isScriptFile(script) && readScriptTable(script, await startOf(script)) !== null) return script;
  const folder = path.dirname(script);
  const names = new Set(await readdir(folder).catch(() => []));
  const name = CONFIGURATION_NAMES.find((candidate) => names.has(candidate));
  return name === undefined ? null : path.join(folder, name);
}

/** @param file YAML, or a script with a block. @throws ConfigurationError, or UserError when the file cannot be read */
export async function loadConfiguration(file: string): Promise<LoadedConfiguration> {
  return parseConfiguration(file, await readText(file));
}

/** @throws ConfigurationError */
export function parseConfiguration(file: string, text: string): LoadedConfiguration {
  const source = readSource(file, text);
  const { value, problems, notes, notYet } = checkConfiguration(source);
  if (value === null) throw new ConfigurationError(problems);
  return {
    ...{ value, notes, notYet, file },
    text: source.text,
    maxRestartsSet: "max_restarts" in (source.value as object),
    secretNames: findSecretNames(value),
  };
}

/** What a script runs with that has no configuration: once, and a failure is final. */
export function defaultConfiguration(): ExperimentConfiguration {
  return withoutConfiguration();
}

export function findSecretNames(configuration: ExperimentConfiguration): string[] {
  const names = environmentOf(configuration, null).flatMap(([, value]) =>
    [...value.matchAll(/\$\{secret:([A-Za-z_][A-Za-z0-9_.-]*)\}/g)].map((match) => match[1] ?? ""),
  );
  return [...new Set(names)].sort();
}

/** Strings under `data:`; those that are paths which git ignores are linked into the run. */
export function dataPathsOf(configuration: ExperimentConfiguration): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === "string") found.push(value);
    else if (isDataMap(value)) visit(value.path);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(visit);
  };
  visit(configuration.data);
  return found.filter((value) => value !== "" && value.length <= 4096 && !value.includes("\0"));
}

/** Where `data:` says that paths of the workspace are on a pool. */
export interface DataPlace {
  /** Its key in the configuration: `data.imagenet`. */
  key: string;
  /** Relative to the workspace folder. */
  path: string;
  target: string;
}

/** @param pool its name; `local` is this machine's */
export function dataPlacesOf(configuration: ExperimentConfiguration, pool: string): DataPlace[] {
  const visit = (value: unknown, key: string): DataPlace[] => {
    if (typeof value !== "object" || value === null) return [];
    if (!isDataMap(value))
      return Object.entries(value).flatMap(([name, inner]) => visit(inner, `${key}.${name}`));
    const read = DataMap.safeParse(value);
    const target = read.success && Object.hasOwn(read.data.pools, pool) ? read.data.pools[pool] : undefined;
    return read.success && target !== undefined ? [{ key, path: read.data.path, target }] : [];
  };
  return visit(configuration.data, "data");
}

/** A block is at a script's top; what cannot be read has none. */
async function startOf(script: string): Promise<string> {
  const handle = await open(script, "r").catch(() => null);
  if (handle === null) return "";
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_BYTES));
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return ""; // a folder
  } finally {
    await handle.close();
  }
}

async function readText(file: string): Promise<string> {
  const handle = await open(file, "r").catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UserError(`There is no configuration ${file}.`, "Check the path.");
    throw new UserError(`The configuration ${file} cannot be read: ${messageOf(error)}.`);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new UserError(`The configuration ${file} is not a file.`);
    // What is too large is never in memory; the check of the size has the words for it.
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(found.size, MOST_BYTES + 1)));
    return new TextDecoder("utf-8", { fatal: !isScriptFile(file) }).decode(buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`The configuration ${file} is not UTF-8 text.`, "Save it as UTF-8.", {
      cause: error,
    });
  } finally {
    await handle.close();
  }
}
