/** What a person decides about a folder's snapshots, remembered for the next ones. */
import { withLock } from "../fileLock.ts";
import { changeMemory, placesOf, type Memory } from "./memory.ts";
import type { SnapshotPlan } from "./plan.ts";

/** The person said yes to this size. */
export async function confirmSize(plan: SnapshotPlan): Promise<void> {
  await change(plan, (memory) => (memory.answered = { files: plan.files, bytes: plan.bytes }));
  plan.needsConfirmation = null;
}

/** `name` is relative to the root. Plan again to see what it changes. */
export async function leaveOut(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => {
    memory.leaveOut = [...new Set([...memory.leaveOut, name])];
    memory.links = memory.links.filter((other) => other !== name);
  });
}
export async function takeInAgain(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => (memory.leaveOut = memory.leaveOut.filter((other) => other !== name)));
}

/** Links an ignored path into every run of this folder. */
export async function linkPath(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => (memory.links = [...new Set([...memory.links, name])]));
}
export async function unlinkPath(plan: SnapshotPlan, name: string): Promise<void> {
  await change(plan, (memory) => (memory.links = memory.links.filter((other) => other !== name)));
}

async function change(plan: SnapshotPlan, edit: (memory: Memory) => void): Promise<void> {
  const { lock, memory } = placesOf(plan.work.options.stateFolder, plan.root);
  await withLock(lock, "snapshot of this folder", undefined, () => changeMemory(memory, plan.root, edit));
}
