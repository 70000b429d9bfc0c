/** Determined's `PyTorchTrial`: what `train_batch` and `evaluate_batch` return is reported. */
import type { Reading } from "../reading.ts";
import { keysOf } from "./dictionaries.ts";

const GROUPS: Readonly<Record<string, string>> = {
  train_batch: "training",
  evaluate_batch: "validation",
  evaluate_full_dataset: "validation",
};

export function readTrials(reading: Reading): void {
  for (const one of reading.program.classes) {
    const isTrial = one.bases.some((base) =>
      reading.values.of(base, one.outer).path.endsWith(".PyTorchTrial"),
    );
    for (const method of isTrial ? one.methods : []) {
      const group = Object.hasOwn(GROUPS, method.name) ? GROUPS[method.name] : undefined;
      if (group === undefined) continue;
      for (const returned of method.returns) {
        const { keys, hasMore } = keysOf(returned, method.scope, reading);
        // `return loss` is {"loss": loss}.
        const isPlain = hasMore && keys.length === 0 && ["identifier", "attribute"].includes(returned.type);
        for (const key of isPlain && group === "training" ? [{ value: "loss", span: returned }] : keys)
          reading.metric(returned, key, group);
        if (hasMore) reading.metric(returned, null, group);
      }
    }
  }
}
