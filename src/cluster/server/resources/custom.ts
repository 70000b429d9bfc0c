/** A person's own probe: a program that prints `[{"id": "npu0", "name": "NPU", "memoryBytes": 17179869184}]`. */
import * as z from "zod";
import { runProbe } from "./command.ts";
import { type Inventory, leaseName } from "./device.ts";

const Answer = z.array(
  z.object({
    id: z
      .string()
      .max(200)
      .regex(/^[^,]+$/, "not a name without commas"), // the script gets them as a list
    name: z.string().max(200).optional(),
    memoryBytes: z.number().nonnegative().nullable().optional(),
  }),
);

/** @param command the person's own, run by `sh -c` as it stands */
export async function findCustom(command: string): Promise<Inventory> {
  const outcome = await runProbe("/bin/sh", ["-c", command]);
  if (outcome.kind === "absent") return { kind: "failed", reason: "the probe command needs /bin/sh" };
  if (outcome.kind === "failed")
    return { kind: "failed", reason: `the probe command failed: ${outcome.reason}` };
  let value: unknown;
  try {
    value = JSON.parse(outcome.text);
  } catch {
    return { kind: "failed", reason: "the probe command printed no JSON" };
  }
  const answer = Answer.safeParse(value);
  if (!answer.success)
    return {
      kind: "failed",
      reason: `the probe command's answer: ${z.prettifyError(answer.error).split("\n").join(" ")}`,
    };
  const ids = new Set(answer.data.map(({ id }) => id));
  if (ids.size < answer.data.length)
    return { kind: "failed", reason: "the probe command names an id more than once" };
  return {
    kind: "devices",
    devices: answer.data.map(({ id, name, memoryBytes }, index) => ({
      slot: { id: `custom:${id}`, kind: "custom", index, lease: leaseName("custom", id) },
      name: name ?? id,
      memoryBytes: memoryBytes ?? null,
      usedMemoryBytes: null,
      utilisation: null,
      problem: null,
      processes: [],
    })),
  };
}
