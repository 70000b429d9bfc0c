/** `report(step, loss=...)`, `validate(...)`; Determined's `report_training_metrics` and its like. */
import { given } from "../calls.ts";
import { type Call, isUnknown, type Reading } from "../reading.ts";
import { keyOfName, keysOf } from "./dictionaries.ts";

export function readReports(call: Call, reading: Reading): void {
  const { name, path } = call;
  if (name === "report" || name === "validate") {
    const isOurs = path === `trainyard.${name}` || path === `trainyard.init().${name}`;
    const mayBe = call.receiver !== null && isUnknown(path) && reading.imports("trainyard");
    if (isOurs || mayBe) readReport(call, reading);
  } else if (call.receiver === null) return;
  else if (name === "report_training_metrics") readDetermined(call, "training", 1, reading);
  else if (name === "report_validation_metrics") readDetermined(call, "validation", 1, reading);
  else if (name === "report_metrics" && isUnknown(path) === false)
    readDetermined(call, literalGroup(call, 0, reading), 2, reading);
}

/** (step, values=None, group="training", **named) */
function readReport(call: Call, reading: Reading): void {
  const { node, args, scope, name } = call;
  reading.spoken.add(node);
  const isValidate = name === "validate";
  const group = isValidate ? "validation" : reportGroup(call, reading);
  const values = given(args, 1, "values");
  const found =
    values && values.type !== "none" ? keysOf(values, scope, reading) : { keys: [], hasMore: false };
  const splats = args.splats.map((one) => keysOf(one, scope, reading));
  const others = isValidate ? ["step", "values"] : ["step", "values", "group"];
  const named = [...args.named].filter(([key]) => !others.includes(key));
  for (const key of [...found.keys, ...splats.flatMap(({ keys }) => keys)]) reading.metric(node, key, group);
  for (const [, one] of named) reading.metric(node, keyOfName(one.name, reading), group);
  if (found.hasMore || splats.some(({ hasMore }) => hasMore)) reading.metric(node, null, group);
}

function reportGroup({ args }: Call, reading: Reading): string | null {
  const written = given(args, 2, "group");
  return written === null ? "training" : (reading.string(written)?.value ?? null);
}

function literalGroup({ args }: Call, index: number, reading: Reading): string | null {
  return reading.string(given(args, index, "group"))?.value ?? null;
}

function readDetermined(call: Call, group: string | null, index: number, reading: Reading): void {
  reading.spoken.add(call.node);
  const { keys, hasMore } = keysOf(given(call.args, index, "metrics"), call.scope, reading);
  for (const key of keys) reading.metric(call.node, key, group);
  if (hasMore) reading.metric(call.node, null, group);
}
