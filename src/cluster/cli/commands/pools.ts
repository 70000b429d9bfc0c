/** The list of pools: add, list, remove; and a Node for hosts that have none. */
import { homedir } from "node:os";
import path from "node:path";
import { findPool } from "../../client/pools/openPool.ts";
import {
  addPool,
  checkNewPool,
  LOCAL_POOL,
  type PoolEntry,
  readPools,
  removePool,
} from "../../client/pools/poolList.ts";
import type { PoolContents } from "../../client/pools/purgePool.ts";
import { parseDestination } from "../../client/ssh/destination.ts";
import { keepRuntime } from "../../client/ssh/runtimes.ts";
import { defaultStateFolder } from "../../client/stateFolder.ts";
import { UserError } from "../../client/userError.ts";
import { EXIT, UsageError, type Command, type Context, type Given } from "../command.ts";
import { ask } from "../prompt.ts";
import { bytesText, plain, table } from "../text.ts";
import { countText } from "../../client/numberWords.ts";

const SSH_OPTIONS = ["ssh-config", "fingerprint", "home", "runtime"] as const;

export const poolAdd: Command = {
  name: "pool add",
  usage:
    "pool add NAME [ssh://user@host:port | ALIAS | PATH] [--ssh-config FILE] [--fingerprint F] [--home DIR] [--runtime P]",
  summary: "Add a pool: an SSH host, or another pool folder on this machine. It is connected to once.",
  details: `Without a place NAME is a host of the SSH configuration.

  --ssh-config FILE   another SSH configuration than your own
  --fingerprint F     the host key to take, SHA256:...; without it known_hosts decides, and you are asked
  --home DIR          the pool folder on the host, instead of ~/.trainyard
  --runtime P         a Node 22.13 or later on the host, instead of the one that is found or sent`,
  options: {
    "ssh-config": { type: "string" },
    fingerprint: { type: "string" },
    home: { type: "string" },
    runtime: { type: "string" },
  },
  arguments: ["NAME", "PLACE?"],
  run: async (context, given) => {
    const stateFolder = defaultStateFolder();
    const entry = await checkNewPool(stateFolder, entryOf(given, context.cwd));
    // A pool that was never reached would only be in the way.
    const pool = await context.connectTo(entry);
    pool.close();
    await addPool(stateFolder, entry);
    context.document({ pool: entry, host: pool.pool });
    context.say(
      `Pool ${entry.name}: ${plain(pool.pool.account)}@${plain(pool.pool.host)}:${plain(pool.pool.folder)}\n`,
    );
    return EXIT.ok;
  },
};

/** @throws UsageError, or UserError for a destination that is none */
function entryOf({ arguments: [name = "", place = name], values }: Given, cwd: string): PoolEntry {
  const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
  if (/^[./~]/.test(place)) {
    const given = SSH_OPTIONS.find((option) => values[option] !== undefined);
    if (given !== undefined)
      throw new UsageError(`\`--${given}\` is for SSH hosts, and ${place} is a folder.`);
    return { kind: "folder", name, home: path.resolve(cwd, place.replace(/^~(?=\/|$)/, homedir())) };
  }
  parseDestination(place); // says what is wrong with it
  const sshConfig = text(values["ssh-config"]);
  const fingerprint = text(values.fingerprint);
  if (fingerprint !== null && !/^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint))
    throw new UsageError("A fingerprint looks like SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU.");
  const [home, runtimePath] = [text(values.home), text(values.runtime)];
  for (const there of [home, runtimePath])
    if (there !== null && !/^(\/|~\/)/.test(there))
      throw new UsageError(`\`${there}\` is on the host, so it begins with \`/\` or \`~/\`.`);
  return {
    kind: "ssh",
    name,
    destination: place,
    sshConfig: sshConfig === null ? null : path.resolve(cwd, sshConfig),
    home,
    runtimePath,
    fingerprint,
  };
}

export const poolList: Command = {
  name: "pool list",
  usage: "pool list",
  summary: "The pools: this machine, and those that were added.",
  arguments: [],
  run: async (context) => {
    const pools = await readPools(defaultStateFolder());
    context.document({ pools });
    const rows = pools.map((pool) => [
      pool.name,
      pool.kind,
      plain(pool.kind === "ssh" ? pool.destination : pool.home),
    ]);
    context.say(
      table(["NAME", "KIND", "PLACE"], [[LOCAL_POOL, "local", "this machine"], ...rows], context.paint),
    );
    return EXIT.ok;
  },
};

export const poolRemove: Command = {
  name: "pool remove",
  usage: "pool remove NAME [--purge] [--yes]",
  summary: "Forget a pool; with --purge, remove Trainyard from its host too.",
  details: `Without --purge what is on its host stays there, and what trains there trains on.

  --purge   first remove the pool folder there, with all experiments and checkpoints; asks first
  --yes     purge without asking, and kill the trials that live there`,
  options: { purge: { type: "boolean" }, yes: { type: "boolean", short: "y" } },
  arguments: ["NAME"],
  run: async (context, given) => {
    const name = given.arguments[0] ?? "";
    if (name === LOCAL_POOL)
      throw new UserError(
        "This machine's own pool is always in the list.",
        "To remove what it keeps: trainyard server stop, then delete its folder (trainyard pool status names it).",
      );
    const entry = await findPool(defaultStateFolder(), name);
    if (given.values.purge === true && entry !== null)
      return purge(context, entry, given.values.yes === true);
    await removePool(defaultStateFolder(), name);
    context.document({ removed: name });
    context.say(`Pool ${name} is forgotten.\n`);
    return EXIT.ok;
  },
};

async function purge(context: Context, entry: PoolEntry, yes: boolean): Promise<number> {
  const { name } = entry;
  const purged = await context.purge(entry, async (contents) => {
    const { folder, experiments, living } = contents;
    if (yes) return true;
    if (living > 0)
      throw new UserError(
        `${countText(living, "trial")} ${living === 1 ? "lives" : "live"} on ${name}. Nothing was removed.`,
        "Wait until they have ended, or add --yes to kill them.",
      );
    const what = `${folder} on ${name} with ${countText(experiments, "experiment")}, ${sizeText(contents)}`;
    if (await ask(context, plain(`Remove ${what}, and the checkpoints in it?`))) return true;
    context.note(`Nothing was removed. To remove ${plain(what)}, add --yes.\n`);
    context.document({ removed: null, contents });
    return false;
  });
  if (purged === null) return EXIT.usage;
  const { contents, left } = purged;
  context.document({ removed: name, contents, left });
  context.say(
    contents === null
      ? `There was nothing of Trainyard on ${name}. The pool is forgotten.\n`
      : `Removed ${plain(contents.folder)} from ${name}: ${sizeText(contents)}. The pool is forgotten.\n`,
  );
  if (contents !== null && left !== null)
    context.note(`Left in ${plain(contents.folder)}, since it is not Trainyard's: ${plain(left)}\n`);
  return EXIT.ok;
}

const sizeText = ({ bytes }: PoolContents): string => (bytes === null ? "of unknown size" : bytesText(bytes));

export const poolRuntime: Command = {
  name: "pool runtime",
  usage: "pool runtime FILE",
  summary: "Keep a Node for Linux, to be sent to hosts that have none.",
  arguments: ["FILE"],
  run: async (context, given) => {
    const file = path.resolve(context.cwd, given.arguments[0] ?? "");
    const architecture = await keepRuntime(defaultStateFolder(), file);
    context.document({ system: "linux", architecture });
    context.say(`Kept for hosts with Linux on ${architecture}.\n`);
    return EXIT.ok;
  },
};
