/** What trackers are told, under the names by which it is captured: TensorBoard, W&B, MLflow, accelerate, tf.summary, Lightning. */
import type { Syntax } from "../../syntax.ts";
import { given } from "../calls.ts";
import { type Call, isUnknown, type Reading } from "../reading.ts";
import { keysOf } from "./dictionaries.ts";
import { groupOf } from "./groups.ts";
import { readLightning } from "./lightning.ts";

export function readTrackers(call: Call, reading: Reading): void {
  const { name, path, args } = call;
  switch (name) {
    case "add_scalar":
      return one(call, given(args, 0, "tag"), reading);
    case "add_scalars":
      return below(call, reading);
    case "add_hparams":
      return many(call, given(args, 1, "metric_dict"), reading);
    case "scalar":
      if (path.endsWith("summary.scalar")) one(call, given(args, 0, "name"), reading);
      return;
    case "log_metric":
      if (isForMlflow(call, reading))
        one(call, given(args, path.includes("MlflowClient()") ? 1 : 0, "key"), reading);
      return;
    case "log_metrics":
      if (isForMlflow(call, reading)) many(call, given(args, 0, "metrics"), reading);
      return;
    case "log":
      if (readLightning(call, reading) || !isTracker(call, reading)) return;
      return many(call, args.named.get("values")?.value ?? given(args, 0, "data"), reading);
    case "log_dict":
      readLightning(call, reading);
  }
}

/** `wandb.log`, `run.log`, `accelerator.log`; of something unknown only with a dictionary, where a script imports one of them. */
function isTracker({ path, receiver, args, scope }: Call, reading: Reading): boolean {
  if (["wandb.log", "wandb.init().log", "accelerate.Accelerator().log"].includes(path)) return true;
  if (receiver === null || !(isUnknown(path) || path.startsWith("self."))) return false;
  const isTold = reading.imports("wandb", "accelerate", "transformers");
  return isTold && keysOf(args.positional[0] ?? null, scope, reading).keys.length > 0;
}

/** The functions of MLflow, its client, and loggers of Lightning; the Trainer of Hugging Face has a word like it that only prints. */
function isForMlflow({ path, receiver }: Call, reading: Reading): boolean {
  if (path.startsWith("mlflow.") || path.startsWith("lightning.") || path.startsWith("pytorch_lightning."))
    return true;
  const mayBe = isUnknown(path) || path.startsWith("self.");
  return receiver !== null && mayBe && reading.imports("mlflow", "lightning", "pytorch_lightning");
}

function one(call: Call, tag: Syntax | null, reading: Reading): void {
  reading.spoken.add(call.node);
  const text = reading.string(tag);
  if (text) reading.metric(call.node, { value: text.value, span: text }, groupOf(text.value));
  else reading.metric(call.node, null, null);
}

function many(call: Call, node: Syntax | null, reading: Reading): void {
  reading.spoken.add(call.node);
  const { keys, hasMore } = keysOf(node, call.scope, reading);
  for (const key of keys) reading.metric(call.node, key, groupOf(key.value));
  if (hasMore) reading.metric(call.node, null, null);
}

/** `add_scalars("loss", {"train": a})` is loss/train. */
function below(call: Call, reading: Reading): void {
  reading.spoken.add(call.node);
  const main = reading.string(given(call.args, 0, "main_tag"));
  const { keys, hasMore } = keysOf(given(call.args, 1, "tag_scalar_dict"), call.scope, reading);
  for (const key of main ? keys : []) {
    const name = `${main?.value}/${key.value}`;
    reading.metric(call.node, { value: name, span: key.span }, groupOf(name));
  }
  if (hasMore || main === null) reading.metric(call.node, null, null);
}
