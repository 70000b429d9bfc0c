/** What becomes of data that git ignores: sent all the same, found on the pool, linked, or left out. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import {
  dataPathsOf,
  dataPlacesOf,
  defaultConfiguration,
  findConfiguration,
  loadConfiguration,
} from "../../client/configuration.ts";
import { requirePathOnPool } from "../../client/mappedPaths.ts";
import { isRemote } from "../../client/pools/openPool.ts";
import { LOCAL_POOL } from "../../client/pools/poolList.ts";
import { leaveOut, mapPath, sendPath, unmapPath } from "../../client/snapshot/answers.ts";
import { planSnapshot, type SnapshotPlan } from "../../client/snapshot/plan.ts";
import { defaultStateFolder } from "../../client/stateFolder.ts";
import { UserError } from "../../client/userError.ts";
import { EXIT, withPool, type Command, type Context, type Given } from "../command.ts";
import { bytesText, plain, table, type Row } from "../text.ts";
import { countText } from "../../client/numberWords.ts";

export const data: Command = {
  name: "data",
  usage: "data [--config F]",
  summary: "What of this folder is sent although git ignores it, on the pool already, linked, left out.",
  details: `For a submit from this folder to the pool of --pool, with train.yaml or experiment.yaml of this folder.

  --config F   another configuration; --config none goes without`,
  options: { config: { type: "string", short: "c" } },
  arguments: [],
  run: async (context, given) => {
    const plan = await planHere(context, given);
    const { root, sent, mapped, linked, leftOut } = plan;
    context.document({ root, sent, mapped, linked, leftOut });
    const pool = await poolName(context);
    const rows: Row[] = [
      ...sent.map(({ path: name, files, bytes }) => [
        name,
        "sent",
        `${countText(files, "file")}, ${bytesText(bytes)}, although git ignores it`,
      ]),
      ...mapped.map(({ path: name, target, reason }) => [name, `on ${pool}`, `${target} (${reason})`]),
      ...linked.map(({ path: name, reason }) => [name, "linked", reason]),
      ...leftOut.map(({ path: name, reason }) => [name, "left out", reason]),
    ];
    context.say(
      rows.length === 0
        ? `Nothing of ${plain(root)} stays behind.\n`
        : table(["PATH", "WHAT", "HOW"], rows, context.paint),
    );
    return EXIT.ok;
  },
};

export const dataMap: Command = {
  name: "data map",
  usage: "data map PATH TARGET",
  summary: "Say where a path of this folder is on the pool: runs find it there.",
  details: `TARGET is a path on the pool's host, absolute or '~/...' (quoted, or your shell makes it one of this machine).
It holds for this folder's submits to the pool of --pool, until \`data unmap\`.`,
  arguments: ["PATH", "TARGET"],
  run: async (context, given) => {
    const [named = "", target = ""] = given.arguments;
    const plan = await planHere(context, given);
    const name = nameOf(plan, named);
    const pool = await poolName(context);
    const found = await withPool(context, (connection) =>
      requirePathOnPool(connection, pool, target, context.signal),
    );
    await mapPath(plan, name, target);
    context.document({ path: name, pool, target: found.target, kind: found.kind });
    context.say(`${plain(name)} is ${plain(found.target)} on ${pool}, a ${found.kind}.\n`);
    return EXIT.ok;
  },
};

export const dataUnmap: Command = {
  name: "data unmap",
  usage: "data unmap PATH",
  summary: "Take back what `data map` said.",
  arguments: ["PATH"],
  run: async (context, given) => {
    const plan = await planHere(context, given);
    const name = nameOf(plan, given.arguments[0] ?? "");
    const pool = await poolName(context);
    if (!plan.mapped.some((one) => one.path === name && one.isOwn))
      throw new UserError(`${name} is not mapped on ${pool}.`, "See: trainyard data --pool NAME");
    await unmapPath(plan, name);
    context.document({ path: name, pool, target: null });
    context.say(`${plain(name)} is not mapped on ${pool} any more.\n`);
    return EXIT.ok;
  },
};

export const dataSend: Command = {
  name: "data send",
  usage: "data send PATH",
  summary: "Send a path of this folder although git ignores it, with every snapshot.",
  arguments: ["PATH"],
  run: (context, given) => decide(context, given, sendPath),
};

export const dataLeaveOut: Command = {
  name: "data leave-out",
  usage: "data leave-out PATH",
  summary: "Leave a path of this folder out of its snapshots; ends `data send`.",
  arguments: ["PATH"],
  run: (context, given) => decide(context, given, leaveOut),
};

async function decide(
  context: Context,
  given: Given,
  answer: (plan: SnapshotPlan, name: string) => Promise<void>,
): Promise<number> {
  const plan = await planHere(context, given);
  const name = nameOf(plan, given.arguments[0] ?? "");
  await answer(plan, name);
  const { files, bytes } = await planHere(context, given);
  context.document({ path: name, files, bytes });
  context.say(`${plain(name)}: the next snapshot has ${countText(files, "file")}, ${bytesText(bytes)}.\n`);
  return EXIT.ok;
}

/** As a submit from here would see it. */
async function planHere(context: Context, given: Given): Promise<SnapshotPlan> {
  const entry = await context.pool();
  const { config } = given.values;
  const file =
    config === "none"
      ? null
      : typeof config === "string"
        ? path.resolve(context.cwd, config)
        : await findConfiguration(path.join(context.cwd, "script"));
  const value = file === null ? defaultConfiguration() : (await loadConfiguration(file)).value;
  const pool = entry?.name ?? LOCAL_POOL;
  return planSnapshot({
    folder: await realpath(context.cwd),
    stateFolder: defaultStateFolder(),
    dataPaths: dataPathsOf(value),
    dataPlaces: dataPlacesOf(value, pool),
    pool,
    linkable: !isRemote(entry),
    signal: context.signal,
  });
}

async function poolName(context: Context): Promise<string> {
  return (await context.pool())?.name ?? LOCAL_POOL;
}

/** As the snapshot names what the person names from here. */
function nameOf({ root, directory }: SnapshotPlan, named: string): string {
  return path.relative(root, path.resolve(root, directory, named)) || ".";
}
