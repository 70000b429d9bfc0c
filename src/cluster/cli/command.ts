/** What a command is, and what it gets. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { PoolConnection } from "../client/connection.ts";
import type { PoolCalls } from "../client/poolCalls.ts";
import type { MaintainOptions } from "../client/pools/maintain.ts";
import { findPool } from "../client/pools/openPool.ts";
import type { PoolContents, Purged } from "../client/pools/purgePool.ts";
import { LOCAL_POOL, type PoolEntry } from "../client/pools/poolList.ts";
import { isFinal, retryDelayMs } from "../client/retry.ts";
import { defaultStateFolder } from "../client/stateFolder.ts";
import { UserError } from "../client/userError.ts";
import type { BackupReport, CheckReport } from "../protocol/maintenance.ts";
import { painter, type Paint, plain } from "./text.ts";

export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

export interface Terminal {
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  environment: NodeJS.ProcessEnv;
  cwd: string;
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
}

export type Pool = PoolCalls & Pick<PoolConnection, "close">;

export interface PoolAccess {
  /** Folder that holds the Python package `trainyard`. */
  pythonFolder: string;
  /** Opens this machine's pool (null), or one that was added; it may ask at the terminal. @throws UnreachableError */
  connect: (pool: PoolEntry | null, context: Context) => Promise<Pool>;
  /** Removes a pool from its host and from the list. @returns null when `confirm` said no */
  purge: (
    pool: PoolEntry,
    context: Context,
    confirm: (contents: PoolContents) => Promise<boolean>,
  ) => Promise<Purged | null>;
  /** Has its files checked, or copied, with or without its server. */
  backUp: (
    pool: PoolEntry | null,
    context: Context,
    asked: Parameters<Context["backUp"]>[0],
  ) => Promise<BackupReport>;
  check: (
    pool: PoolEntry | null,
    context: Context,
    asked: Parameters<Context["check"]>[0],
  ) => Promise<CheckReport>;
}

/** The command line is wrong: exit code 2, with the usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The pool does not answer: exit code 3. */
export class UnreachableError extends UserError {}

export interface Context extends Terminal {
  pythonFolder: string;
  /** The pool of `--pool`; null for this machine's own. @throws UserError when there is none of that name */
  pool: () => Promise<PoolEntry | null>;
  connect: () => Promise<Pool>;
  connectTo: (pool: PoolEntry | null) => Promise<Pool>;
  purge: (
    pool: PoolEntry,
    confirm: (contents: PoolContents) => Promise<boolean>,
  ) => ReturnType<PoolAccess["purge"]>;
  check: (asked: { full: boolean; repair: boolean } & MaintainOptions) => Promise<CheckReport>;
  backUp: (asked: { folder: string } & MaintainOptions) => Promise<BackupReport>;
  json: boolean;
  paint: Paint;
  /** Human output; nothing with --json. */
  say: (text: string) => void;
  /** The one document of --json; nothing without. */
  document: (value: unknown) => void;
  /** To stderr, always. */
  note: (text: string) => void;
}

export type Options = NonNullable<ParseArgsConfig["options"]>;
export type Values = Record<string, string | boolean | undefined>;

export interface Command {
  name: string;
  /** After `trainyard `. */
  usage: string;
  summary: string;
  details?: string;
  options?: Options;
  /**
   * Names of the positional arguments, `?` at the end for one that may be left out, `...` before that for the last one
   * when it may be given many times.
   */
  arguments: readonly string[];
  /** What begins with one dash is an argument too. */
  takesDashes?: boolean;
  /** Takes what follows `--`. */
  passesOn?: boolean;
  run: (context: Context, given: Given) => Promise<number>;
}

export interface Given {
  arguments: readonly string[];
  values: Values;
  /** What follows `--`. */
  passedOn: readonly string[];
}

export const COMMON_OPTIONS: Options = {
  json: { type: "boolean" },
  pool: { type: "string" },
  help: { type: "boolean", short: "h" },
};

/** @throws UsageError */
export function parse(
  command: Command,
  argv: readonly string[],
): Given & { help: boolean; json: boolean; poolName: string | null } {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const passedOn = end === -1 ? [] : argv.slice(end + 1);
  const isDashed = (text: string): boolean =>
    command.takesDashes === true && /^-[^-]/.test(text) && text !== "-h";
  let parsed;
  try {
    parsed = parseArgs({
      args: own.filter((text) => !isDashed(text)),
      options: { ...command.options, ...COMMON_OPTIONS },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const values = parsed.values as Values;
  const positionals = [...parsed.positionals, ...own.filter(isDashed)];
  const given = {
    arguments: positionals,
    values,
    passedOn,
    help: values.help === true,
    json: values.json === true,
    poolName: typeof values.pool === "string" && values.pool !== LOCAL_POOL ? values.pool : null,
  };
  if (given.help) return given;
  if (end !== -1 && !command.passesOn)
    throw new UsageError(`\`${command.name}\` takes nothing after \`--\`.`);
  const required = command.arguments.filter((name) => !name.endsWith("?")).length;
  if (positionals.length < required)
    throw new UsageError(
      `\`${command.name}\` needs ${command.arguments.slice(positionals.length).join(" ")}.`,
    );
  const isOpen = command.arguments.at(-1)?.replace(/\?$/, "").endsWith("...") === true;
  if (positionals.length > command.arguments.length && !isOpen) {
    const extra = positionals[command.arguments.length] ?? "";
    const hint = command.passesOn ? " Arguments of the script follow after `--`." : "";
    throw new UsageError(`\`${extra}\` is one argument too many.${hint}`);
  }
  return given;
}

export function makeContext(
  terminal: Terminal,
  access: PoolAccess,
  { json, poolName }: { json: boolean; poolName: string | null },
): Context {
  const { stdout, stderr, environment } = terminal;
  const colours = stdout.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb" && !json;
  const context: Context = {
    ...terminal,
    pythonFolder: access.pythonFolder,
    pool: () => findPool(defaultStateFolder(), poolName),
    connect: async () => access.connect(await context.pool(), context),
    connectTo: (pool) => access.connect(pool, context),
    purge: (pool, confirm) => access.purge(pool, context, confirm),
    backUp: async (asked) =>
      access.backUp(await context.pool(), context, { signal: terminal.signal, ...asked }),
    check: async (asked) =>
      access.check(await context.pool(), context, { signal: terminal.signal, ...asked }),
    json,
    paint: painter(colours),
    say: (text) => void (json || stdout.write(text)),
    document: (value) => void (json && stdout.write(`${toJson(value)}\n`)),
    note: (text) => void stderr.write(text),
  };
  return context;
}

/** NaN and the infinities, which JSON lacks, are strings, as in the run directory's files. */
export function toJson(value: unknown): string {
  const replacer = (_: string, inner: unknown): unknown =>
    typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner;
  return JSON.stringify(value, replacer, 2);
}

/** After the connection was lost: waits until there is another one. @throws what only a person can put right */
export async function connectAgain(context: Context): Promise<Pool> {
  const { signal } = context;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await context.connect();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UnreachableError) || isFinal(error.cause)) throw error;
      if (attempt === 1) context.note(`${plain(error.message)} It is tried again until it is there.\n`);
    }
    await sleep(retryDelayMs(attempt), undefined, { signal });
  }
}

/** Opens the pool, works with it and closes it, whatever happens. */
export async function withPool<T>(context: Context, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = await context.connect();
  try {
    return await work(pool);
  } finally {
    pool.close();
  }
}
