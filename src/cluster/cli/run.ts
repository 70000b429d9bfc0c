/** From an argument list to an exit code. */
import { setMaxListeners } from "node:events";
import { isDisconnected } from "../client/poolCallError.ts";
import { messageOf } from "../client/userError.ts";
import {
  EXIT,
  makeContext,
  parse,
  toJson,
  UnreachableError,
  UsageError,
  type Command,
  type PoolAccess,
  type Terminal,
} from "./command.ts";
import { label, note, rename } from "./commands/annotate.ts";
import { checkpointsCollect } from "./commands/collect.ts";
import { compare } from "./commands/compare.ts";
import { kill, pause, preempt, remove, resume, stop } from "./commands/control.ts";
import { data, dataLeaveOut, dataMap, dataSend, dataUnmap } from "./commands/data.ts";
import { checkpoints, list, show } from "./commands/experiments.ts";
import { files } from "./commands/files.ts";
import { importDetermined } from "./commands/importDetermined.ts";
import { poolBackup, poolCheck } from "./commands/maintenance.ts";
import { importRuns } from "./commands/import.ts";
import { logs } from "./commands/logs.ts";
import { metrics } from "./commands/metrics.ts";
import { poolStatus, serverStop } from "./commands/pool.ts";
import { poolAdd, poolList, poolRemove, poolRuntime } from "./commands/pools.ts";
import { poolPython, poolSetup } from "./commands/poolEnvironment.ts";
import { preview } from "./commands/preview.ts";
import { forecast, priority, queue } from "./commands/queue.ts";
import { restore } from "./commands/restore.ts";
import { schema } from "./commands/schema.ts";
import { searchAdd, searchChange } from "./commands/search.ts";
import { submit } from "./commands/submit.ts";
import { testPreemptionCommand } from "./commands/testPreemption.ts";
import { plain } from "./text.ts";

export const COMMANDS: readonly Command[] = [
  poolStatus,
  poolList,
  poolAdd,
  poolRemove,
  poolRuntime,
  poolPython,
  poolSetup,
  poolCheck,
  poolBackup,
  submit,
  testPreemptionCommand,
  dataMap,
  dataUnmap,
  dataSend,
  dataLeaveOut,
  data,
  preview,
  schema,
  importRuns,
  importDetermined,
  list,
  show,
  logs,
  metrics,
  checkpoints,
  checkpointsCollect,
  compare,
  files,
  restore,
  stop,
  kill,
  pause,
  resume,
  preempt,
  searchChange,
  searchAdd,
  queue,
  forecast,
  priority,
  rename,
  note,
  label,
  remove,
  serverStop,
];

export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
  access: PoolAccess,
  version: string,
): Promise<number> {
  const { stdout, stderr } = terminal;
  // Every call listens to it while it is under way, and of a search there are as many at once as trials.
  setMaxListeners(0, terminal.signal);
  let command: Command | undefined;
  try {
    if (argv[0] === "--version" || argv[0] === "-V") {
      stdout.write(`${version}\n`);
      return EXIT.ok;
    }
    if (argv.length === 0 || argv[0] === "--help" || argv[0] === "-h" || argv[0] === "help") {
      (argv.length === 0 ? stderr : stdout).write(overview());
      return argv.length === 0 ? EXIT.usage : EXIT.ok;
    }
    const found = findCommand(argv);
    command = found.command;
    const given = parse(command, found.rest);
    if (given.help) {
      stdout.write(help(command));
      return EXIT.ok;
    }
    return await command.run(makeContext(terminal, access, given), given);
  } catch (error) {
    if (terminal.signal.aborted) return EXIT.interrupted;
    const message = messageOf(error);
    const isUsage = error instanceof UsageError;
    const remedy = isUsage ? usageOf(command) : remedyOf(error);
    stderr.write(`trainyard: ${printable(message)}\n`);
    if (remedy) stderr.write(`${printable(remedy)}\n`);
    if (asksForJson(argv)) stdout.write(`${toJson({ error: { message, remedy } })}\n`);
    if (isUsage) return EXIT.usage;
    return isDisconnected(error) || error instanceof UnreachableError ? EXIT.unreachable : EXIT.failed;
  }
}

/** Also of a command line that is wrong. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).includes("--json");
}

function usageOf(command: Command | undefined): string {
  return command ? `Usage: trainyard ${command.usage}` : "See: trainyard --help";
}

/** @throws UsageError */
function findCommand(argv: readonly string[]): { command: Command; rest: readonly string[] } {
  const named = COMMANDS.map((command) => ({ command, words: command.name.split(" ") }))
    .filter(({ words }) => words.every((word, index) => argv[index] === word))
    // `checkpoints collect` begins like `checkpoints 12`.
    .sort((a, b) => b.words.length - a.words.length)[0];
  if (named !== undefined) return { command: named.command, rest: argv.slice(named.words.length) };
  const group = COMMANDS.filter((command) => command.name.startsWith(`${argv[0] ?? ""} `));
  if (group.length > 0)
    throw new UsageError(`There is: ${group.map((command) => command.usage).join(", ")}.`);
  throw new UsageError(`There is no command \`${argv[0] ?? ""}\`.`);
}

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}\n`);
  return `Usage: trainyard COMMAND [--pool NAME] [--json] [--help]

${lines.join("")}
An experiment is 12, its third trial 12.3, that trial's first attempt 12.3.1.
Without --pool it is this machine's; TRAINYARD_HOME is that one's folder (~/.trainyard). --json prints one document,
{"error": {"message", "remedy"}} when it fails.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the pool cannot be reached, 130 interrupted.
`;
}

function help(command: Command): string {
  const details = command.details ? `\n${command.details}\n` : "";
  return `Usage: trainyard ${command.usage}\n\n${command.summary}\n${details}\n  --pool NAME  another pool than this machine's\n  --json       print one JSON document\n`;
}

function remedyOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null;
  const { remedy } = error as { remedy?: unknown };
  return typeof remedy === "string" ? remedy : null;
}

/** Lines stay lines; nothing else of what others wrote reaches the terminal as it is. */
function printable(text: string): string {
  return text.split("\n").map(plain).join("\n");
}
