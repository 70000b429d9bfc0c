/** What a person decides about a folder's snapshots, remembered for the next ones. */
import { lstat } from "node:fs/promises";
import path from "node:path";
import { isInsidePath, PoolPath } from "../../protocol/base.ts";
import { withLock } from "../fileLock.ts";
import { bytePath } from "../git.ts";
import { LOCAL_POOL } from "../pools/poolList.ts";
import { UserError } from "../userError.ts";
import { requireMappable } from "./mapped.ts";
import { changeMemory, placesOf, type Memory } from "./memory.ts";
import type { SnapshotPlan } from "./plan.ts";
import { ENVIRONMENT_REASON, LEFT_OUT_REASON } from "./reasons.ts";
import { isUnder, RESTORED_REASON } from "./restored.ts";

/** The person said yes to this size. */
export async function confirmSize(plan: SnapshotPlan): Promise<void> {
  await change(plan, (memory) => (memory.answered = { files: plan.files, bytes: plan.bytes }));
  plan.needsConfirmation = null;
}

/** `name` is relative to the root. Plan again to see what it changes. */
export async function leaveOut(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => {
    // What git ignores needs no other reason to stay behind.
    if (!memory.sent.includes(name)) memory.leaveOut = [...new Set([...memory.leaveOut, name])];
    memory.sent = memory.sent.filter((other) => !isUnder(other, [name]));
    memory.links = memory.links.filter((other) => other !== name);
  });
}
export async function takeInAgain(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => (memory.leaveOut = memory.leaveOut.filter((other) => other !== name)));
}

/** Makes an ignored path part of the folder's snapshots, for every pool; leaveOut() ends it. @throws UserError */
export async function sendPath(plan: SnapshotPlan, name: string): Promise<void> {
  await requireSendable(plan, name);
  const isIgnored = (await plan.work.shadow.rules([bytePath(name)])).size > 0;
  await change(plan, (memory) => {
    for (const [pool, places] of Object.entries(memory.mapped)) {
      const outer = Object.keys(places).find((other) => name.startsWith(`${other}/`));
      if (outer !== undefined)
        throw new UserError(
          `${name} lies in ${outer}, which is ${places[outer]} on ${pool}.`,
          "Take that path on the pool back first, or send all of it.",
        );
      memory.mapped[pool] = withoutKeys(places, (other) => isUnder(other, [name]));
    }
    const wasLeftOut = memory.leaveOut.includes(name);
    memory.leaveOut = memory.leaveOut.filter((other) => other !== name);
    memory.links = memory.links.filter((other) => !isUnder(other, [name]));
    // Without the person's word it is sent by itself.
    if (wasLeftOut && !isIgnored) return;
    memory.sent = [...memory.sent.filter((other) => !isUnder(other, [name])), name];
  });
}

async function requireSendable(plan: SnapshotPlan, name: string): Promise<void> {
  requireInside(plan, name);
  for (let end = name.length; end > 0; end = name.lastIndexOf("/", end - 1)) {
    const at = name.slice(0, end);
    const found = await lstat(path.join(plan.root, at)).catch(() => null);
    if (found === null) throw new UserError(`There is no ${at} in ${plan.root}.`, "Check the path.");
    if (found.isSymbolicLink())
      throw new UserError(
        `${at} is a link, and a snapshot has links as they are, not what is behind them.`,
        "Copy the data into the folder, or use a path on the pool.",
      );
  }
  const isSent = plan.sent.some((one) => isUnder(name, [one.path]));
  if (plan.entries.has(bytePath(name)) && !isSent)
    throw new UserError(`${name} is part of the snapshot already.`);
  const why = plan.leftOut.find((left) => isUnder(name, [left.path]));
  if (why && [ENVIRONMENT_REASON, RESTORED_REASON].includes(why.reason))
    throw new UserError(`${name} is never sent: it is ${why.reason}.`, "Use a path on the pool.");
  if (why?.reason === LEFT_OUT_REASON && why.path !== name)
    throw new UserError(
      `${why.path}, in which ${name} lies, is left out by you.`,
      `Take ${why.path} in first.`,
    );
}

/** Says where a path is on the pool that the plan is for; its runs find it there. @throws UserError */
export async function mapPath(plan: SnapshotPlan, name: string, target: string): Promise<void> {
  requireInside(plan, name);
  const checked = PoolPath.safeParse(target);
  if (!checked.success)
    throw new UserError(`\`${target}\`: ${checked.error.issues[0]?.message}.`, "Name it in full.");
  const pool = poolOf(plan);
  const others = plan.mapped.filter((one) => one.path !== name);
  const one = { path: name, target, reason: `mapped on ${pool} by you`, isOwn: true };
  requireMappable([...others, one], { entries: plan.entries, pool });
  await change(plan, (memory) => (memory.mapped[pool] = { ...memory.mapped[pool], [name]: target }));
}
export async function unmapPath(plan: SnapshotPlan, name: string): Promise<void> {
  const pool = poolOf(plan);
  await change(plan, (memory) => {
    memory.mapped[pool] = withoutKeys(memory.mapped[pool] ?? {}, (other) => other === name);
  });
}

/** Links an ignored path into every run of this folder. */
export async function linkPath(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => {
    memory.links = [...new Set([...memory.links, name])];
    memory.sent = memory.sent.filter((other) => other !== name);
  });
}
export async function unlinkPath(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => (memory.links = memory.links.filter((other) => other !== name)));
}

function requireInside(plan: SnapshotPlan, name: string): void {
  if (isInsidePath(name) && name !== ".") return;
  throw new UserError(`${name} is no path inside of ${plan.root}.`, "Name a file or folder in it.");
}

function poolOf(plan: SnapshotPlan): string {
  return plan.work.options.pool ?? LOCAL_POOL;
}

function withoutKeys(
  places: Readonly<Record<string, string>>,
  isGone: (name: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(places).filter(([name]) => !isGone(name)));
}

async function change(plan: SnapshotPlan, edit: (memory: Memory) => void): Promise<void> {
  const { lock, memory } = placesOf(plan.work.options.stateFolder, plan.root);
  await withLock(lock, "snapshot of this folder", undefined, () => changeMemory(memory, plan.root, edit));
}
