/** AMD GPUs by amd-smi, or by the older rocm-smi. Both change their JSON between releases, so both are read leniently. */
import * as z from "zod";
import { runProbe } from "./command.ts";
import { type Device, type Inventory, leaseName } from "./device.ts";

const MEGABYTE = 1024 * 1024;

export async function findAmd(): Promise<Inventory> {
  const amd = await findByAmdSmi();
  return amd.kind === "devices" ? amd : orElse(await findByRocmSmi(), amd);
}

function orElse(first: Inventory, second: Inventory): Inventory {
  return first.kind === "none" ? second : first;
}

async function findByAmdSmi(): Promise<Inventory> {
  const list = await runProbe("amd-smi", ["list", "--json"]);
  if (list.kind === "absent") return { kind: "none" };
  if (list.kind === "failed") return list;
  const [metrics, names] = await Promise.all([
    runProbe("amd-smi", ["metric", "--usage", "--mem-usage", "--json"]),
    runProbe("amd-smi", ["static", "--asic", "--json"]),
  ]);
  const textOf = (outcome: typeof metrics): string => (outcome.kind === "output" ? outcome.text : "[]");
  return asInventory(() => parseAmdSmi(list.text, textOf(metrics), textOf(names)));
}

async function findByRocmSmi(): Promise<Inventory> {
  const args = ["--showuniqueid", "--showproductname", "--showmeminfo", "vram", "--showuse", "--json"];
  const outcome = await runProbe("rocm-smi", args);
  if (outcome.kind === "absent") return { kind: "none" };
  if (outcome.kind === "failed") return outcome;
  return asInventory(() => parseRocmSmi(outcome.text));
}

function asInventory(parse: () => Device[]): Inventory {
  try {
    const devices = parse();
    return devices.length === 0 ? { kind: "none" } : { kind: "devices", devices };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

const Quantity = z
  .union([z.object({ value: z.number() }).transform(({ value }) => value), z.number()])
  .nullable()
  .catch(null);
const ListEntry = z.object({ gpu: z.number().int(), uuid: z.string().catch(""), bdf: z.string().catch("") });
const MetricEntry = z.object({
  gpu: z.number().int(),
  usage: z.object({ gfx_activity: Quantity }).catch({ gfx_activity: null }),
  mem_usage: z
    .object({ total_vram: Quantity, used_vram: Quantity })
    .catch({ total_vram: null, used_vram: null }),
});
const StaticEntry = z.object({
  gpu: z.number().int(),
  asic: z.object({ market_name: z.string() }).catch({ market_name: "AMD GPU" }),
});

/** @param list, metrics, names what `amd-smi list`, `metric` and `static` print, each a list or `{"gpu_data": [...]}` */
export function parseAmdSmi(list: string, metrics: string, names: string): Device[] {
  const measured = entries(metrics, MetricEntry);
  const named = entries(names, StaticEntry);
  return entries(list, ListEntry).map(({ gpu, uuid, bdf }) => {
    const metric = measured.find((each) => each.gpu === gpu);
    const id = uuid || bdf || String(gpu);
    const bytes = (value: number | null | undefined): number | null =>
      value === null || value === undefined ? null : value * MEGABYTE;
    return {
      slot: { id: `gpu:${id}`, kind: "rocm" as const, index: gpu, lease: leaseName("gpu", id) },
      name: named.find((each) => each.gpu === gpu)?.asic.market_name ?? "AMD GPU",
      memoryBytes: bytes(metric?.mem_usage.total_vram),
      usedMemoryBytes: bytes(metric?.mem_usage.used_vram),
      utilisation: metric?.usage.gfx_activity ?? null,
      problem: null,
      processes: [],
    };
  });
}

function entries<T>(text: string, schema: z.ZodType<T>): T[] {
  const value: unknown = parseJson("amd-smi", text);
  const wrapped = z.object({ gpu_data: z.array(z.unknown()) }).safeParse(value);
  const all = wrapped.success ? wrapped.data.gpu_data : Array.isArray(value) ? (value as unknown[]) : [];
  return all.flatMap((each) => {
    const parsed = schema.safeParse(each);
    return parsed.success ? [parsed.data] : [];
  });
}

/** @param text `{"card0": {"Unique ID": "0x...", "VRAM Total Memory (B)": "68702699520", ...}, "system": {...}}` */
export function parseRocmSmi(text: string): Device[] {
  const cards = z.record(z.string(), z.unknown()).safeParse(parseJson("rocm-smi", text));
  if (!cards.success) throw new Error("rocm-smi printed something else than cards");
  return Object.entries(cards.data).flatMap(([card, value]) => {
    const index = /^card(\d+)$/.exec(card)?.[1];
    const fields = z.record(z.string(), z.unknown()).safeParse(value);
    if (index === undefined || !fields.success) return [];
    // The capitals differ between releases: "Card series", "Card Series".
    const field = (name: string): string => {
      const found = Object.entries(fields.data).find(
        ([key]) => key.toLowerCase() === name.toLowerCase(),
      )?.[1];
      return typeof found === "string" || typeof found === "number" ? String(found) : "";
    };
    const number = (name: string): number | null => (/^\d+$/.test(field(name)) ? Number(field(name)) : null);
    const unique = field("Unique ID");
    const id = unique === "" || unique === "N/A" ? card : unique;
    return {
      slot: { id: `gpu:${id}`, kind: "rocm" as const, index: Number(index), lease: leaseName("gpu", id) },
      name: field("Card Series") || "AMD GPU",
      memoryBytes: number("VRAM Total Memory (B)"),
      usedMemoryBytes: number("VRAM Total Used Memory (B)"),
      utilisation: number("GPU use (%)"),
      problem: null,
      processes: [],
    };
  });
}

function parseJson(command: string, text: string): unknown {
  // Warnings may stand before it.
  const start = text.search(/[[{]/);
  try {
    return JSON.parse(start === -1 ? "" : text.slice(start));
  } catch {
    throw new Error(`${command} printed no JSON`);
  }
}
