/** Who reports metrics whose names the script does not say. */
import type { Call, Reading } from "../reading.ts";

/** Of Keras's, HF's and Lightning's: they name what they log themselves. */
const NAMING = /^(?:LearningRateMonitor|DeviceStatsMonitor|\w*Trainer|autolog)$/;
const STARTS_OTHERS = /^(?:subprocess\.|os\.(?:system|exec|spawn|posix_spawn|popen)|runpy\.)/;
const WRITERS = new Set(["SummaryWriter", "create_file_writer"]);

export function readOthers(reading: Reading): void {
  const { calls } = reading;
  const isNaming = calls.some((call) => NAMING.test(call.name) && isOfLibrary(call));
  const isCsv = calls.some(({ path }) => ["csv.writer", "csv.DictWriter"].includes(path));
  // A later writer's folder stands in front of its names.
  const hasWriters = calls.filter(({ name }) => WRITERS.has(name)).length > 1;
  // A script that reports nothing else may print what it has reached, and that is read.
  const isPrinting = reading.metrics.length === 0 && calls.some(isPrint);
  if (isNaming || isCsv || hasWriters || isPrinting) reading.reportsAnyMetric = true;
  if (calls.some(({ path }) => STARTS_OTHERS.test(path)))
    reading.reportsAnyMetric = reading.readsAnyParameter = true;
  if (reading.nodes("attribute").some((one) => reading.values.of(one.node, one.scope).path === "sys.argv"))
    reading.readsAnyParameter = true;
}

function isOfLibrary({ path, name }: Call): boolean {
  if (name === "Trainer") return path.startsWith("transformers.");
  if (name.endsWith("Trainer")) return /^(?:transformers|trl|setfit|sentence_transformers)\./.test(path);
  return /^(?:mlflow|lightning|pytorch_lightning)\./.test(path);
}

function isPrint({ path, name }: Call): boolean {
  return (
    path === "builtins.print" || (name === "info" && !path.startsWith("self.")) || path.endsWith("tqdm.write")
  );
}
