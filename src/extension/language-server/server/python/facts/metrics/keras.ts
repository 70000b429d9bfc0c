/** Keras's `compile(loss=..., metrics=[...])`, then `fit`: the logs of an epoch. */
import type { Syntax } from "../../syntax.ts";
import { argumentsOf, given } from "../calls.ts";
import type { Call, Reading } from "../reading.ts";
import type { Key } from "./dictionaries.ts";

export function readKeras(reading: Reading): void {
  if (!reading.imports("keras", "tensorflow", "tf_keras")) return;
  const fits = reading.calls.filter(({ name, receiver }) => name === "fit" && receiver !== null);
  const isValidated = fits.some(({ args }) =>
    ["validation_data", "validation_split"].some((one) => args.named.has(one)),
  );
  // Other loops may validate otherwise.
  const hasOthers = fits.length === 0 || fits.some(({ args }) => args.splats.length > 0);
  for (const call of reading.calls)
    if (call.name === "compile" && call.receiver !== null) readCompile(call, isValidated, reading);
  if (hasOthers && reading.calls.some(({ name, receiver }) => name === "compile" && receiver !== null))
    reading.reportsAnyMetric = true;
}

function readCompile(call: Call, isValidated: boolean, reading: Reading): void {
  if (/^(?:torch|re)\./.test(call.path)) return;
  reading.spoken.add(call.node);
  const { args } = call;
  const loss = args.named.get("loss")?.name ?? given(args, 1, "loss");
  const metrics = given(args, 3, "metrics") ?? args.named.get("metrics")?.value ?? null;
  const parts = ["list", "tuple"].includes(metrics?.type ?? "") ? (metrics?.children ?? []) : null;
  const keys = (parts ?? []).map((one) => metricName(one, call, reading));
  if (loss) keys.unshift({ value: "loss", span: loss });
  for (const key of keys.filter((one) => one !== null)) {
    reading.metric(call.node, key, "training");
    if (isValidated) reading.metric(call.node, { ...key, value: `val_${key.value}` }, "validation");
  }
  // A dictionary of outputs, a list that is made elsewhere, metrics of several outputs.
  if ((metrics !== null && parts === null) || keys.includes(null) || args.splats.length > 0)
    reading.metric(call.node, null, null);
}

/** `"accuracy"`, `keras.metrics.AUC(name="auc")`, `keras.metrics.MeanSquaredError()`. */
function metricName(node: Syntax, { scope }: Call, reading: Reading): Key | null {
  const text = reading.string(node);
  if (text) return { value: text.value, span: text };
  if (node.type !== "call") return null;
  const name = argumentsOf(reading.source, node).named.get("name")?.value ?? null;
  const told = reading.string(name);
  if (told) return { value: told.value, span: told };
  const called = node.child("function");
  const last = called?.type === "attribute" ? called.child("attribute") : called;
  if (name !== null || !last || !reading.values.of(called, scope).path.includes(".metrics.")) return null;
  const word = reading.source.of(last);
  // As Keras names them: AUC is auc, MeanSquaredError is mean_squared_error.
  const snake = word.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2");
  return { value: snake.toLowerCase(), span: last };
}
