/** NVIDIA GPUs by nvidia-smi. Any of its fields may be a phrase in brackets instead of a value. */
import { runProbe } from "./command.ts";
import { type Device, type Inventory, leaseName } from "./device.ts";

const FIELDS = "index,uuid,name,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw";
const MEBIBYTE = 1024 * 1024;
/** What a field says when the GPU itself is in trouble, rather than lacking that sensor. */
const BROKEN = /^\[(Unknown Error|GPU requires reset|GPU is lost|ERR!?)\]$|^ERR!$/i;

export async function findNvidia(): Promise<Inventory> {
  const gpus = await runProbe("nvidia-smi", [`--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits"]);
  if (gpus.kind === "absent") return { kind: "none" };
  if (gpus.kind === "failed") return /no devices were found/i.test(gpus.reason) ? { kind: "none" } : gpus;
  const devices = parseGpus(gpus.text);
  if (devices.length === 0) return { kind: "none" };
  const processes = await runProbe("nvidia-smi", [
    "--query-compute-apps=gpu_uuid,pid,process_name",
    "--format=csv,noheader",
  ]);
  if (processes.kind === "output") addProcesses(devices, processes.text);
  return { kind: "devices", devices };
}

/** @param text lines like `0, GPU-00000000-aaaa-bbbb-cccc-dddddddddddd, NVIDIA H200, 143771, 4, 0, 30, 75.42` */
export function parseGpus(text: string): Device[] {
  return text.split("\n").flatMap((line) => {
    const [index = "", uuid = "", ...rest] = line.split(",").map((field) => field.trim());
    // A line without an id cannot be leased; "No devices were found" comes on this way, too.
    if (!/^\d+$/.test(index) || !/^[A-Za-z0-9-]+$/.test(uuid)) return [];
    // A name may hold commas: the numbers are counted from the end.
    const [total = "", used = "", utilisation = ""] = rest.slice(-5);
    const name = rest.slice(0, -5).join(", ") || "NVIDIA GPU";
    const broken = rest.find((field) => BROKEN.test(field));
    return {
      slot: { id: `gpu:${uuid}`, kind: "cuda" as const, index: Number(index), lease: leaseName("gpu", uuid) },
      name: BROKEN.test(name) ? "NVIDIA GPU" : name,
      memoryBytes: scaled(total, MEBIBYTE),
      usedMemoryBytes: scaled(used, MEBIBYTE),
      utilisation: scaled(utilisation, 1),
      problem: broken === undefined ? null : `nvidia-smi says ${broken}`,
      processes: [],
    };
  });
}

/** @param text lines like `GPU-00000000-aaaa-bbbb-cccc-dddddddddddd, 4711, /usr/bin/python3` */
export function addProcesses(devices: readonly Device[], text: string): void {
  for (const line of text.split("\n")) {
    const [uuid = "", pid = "", ...name] = line.split(",").map((field) => field.trim());
    const device = devices.find(({ slot }) => slot.id === `gpu:${uuid}`);
    if (device === undefined || !/^\d+$/.test(pid)) continue;
    const said = name.join(", ");
    device.processes.push({ pid: Number(pid), name: said === "" || said.startsWith("[") ? null : said });
  }
}

/** Null for `[N/A]`, `[Not Supported]` and anything else that is no number. */
function scaled(field: string, unit: number): number | null {
  return /^\d+(\.\d+)?$/.test(field) ? Number(field) * unit : null;
}
