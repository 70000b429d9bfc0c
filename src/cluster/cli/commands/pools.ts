/** The list of pools: add, list, remove; and a Node for hosts that have none. */
import path from "node:path";
import { findPool } from "../../client/pools/openPool.ts";
import { addPool, LOCAL_POOL, type PoolEntry, readPools, removePool } from "../../client/pools/poolList.ts";
import { parseDestination } from "../../client/ssh/destination.ts";
import { keepRuntime } from "../../client/ssh/runtimes.ts";
import { defaultStateFolder } from "../../client/stateFolder.ts";
import { UserError } from "../../client/userError.ts";
import { EXIT, UsageError, type Command, type Given } from "../command.ts";
import { plain, table } from "../text.ts";

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
    const entry = entryOf(given, context.cwd);
    const stateFolder = defaultStateFolder();
    await addPool(stateFolder, entry);
    try {
      const pool = await context.connectTo(entry);
      pool.close();
      context.document({ pool: entry, host: pool.pool });
      context.say(
        `Pool ${entry.name}: ${plain(pool.pool.account)}@${plain(pool.pool.host)}:${plain(pool.pool.folder)}\n`,
      );
      return EXIT.ok;
    } catch (error) {
      // A pool that was never reached would only be in the way.
      await removePool(stateFolder, entry.name);
      throw error;
    }
  },
};

function entryOf({ arguments: [name = "", place = name], values }: Given, cwd: string): PoolEntry {
  if (/^[./~]/.test(place)) return { kind: "folder", name, home: path.resolve(cwd, place) };
  parseDestination(place); // says what is wrong with it
  const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
  const sshConfig = text(values["ssh-config"]);
  const fingerprint = text(values.fingerprint);
  if (fingerprint !== null && !/^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint))
    throw new UsageError("A fingerprint looks like SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU.");
  return {
    kind: "ssh",
    name,
    destination: place,
    sshConfig: sshConfig === null ? null : path.resolve(cwd, sshConfig),
    home: text(values.home),
    runtimePath: text(values.runtime),
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
  usage: "pool remove NAME",
  summary: "Forget a pool. What is on its host stays there, and what trains there trains on.",
  arguments: ["NAME"],
  run: async (context, given) => {
    const name = given.arguments[0] ?? "";
    await findPool(defaultStateFolder(), name);
    if (!(await removePool(defaultStateFolder(), name))) throw new UserError(`${name} cannot be removed.`);
    context.document({ removed: name });
    context.say(`Pool ${name} is forgotten.\n`);
    return EXIT.ok;
  },
};

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
