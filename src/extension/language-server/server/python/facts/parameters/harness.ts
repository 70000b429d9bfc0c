/** `trainyard.param("lr", 1e-3)`, `run.param(...)`; Determined's `context.get_hparam("lr")`. */
import { given } from "../calls.ts";
import { type Call, isUnknown, type Reading } from "../reading.ts";

export function readHarness(call: Call, reading: Reading): void {
  const isParam =
    ["trainyard.param", "trainyard.init().param"].includes(call.path) ||
    (call.name === "param" && call.receiver !== null && isUnknown(call.path) && reading.imports("trainyard"));
  const isDetermined = call.name === "get_hparam" && call.receiver !== null;
  if (!isParam && !isDetermined) return;
  reading.spoken.add(call.node);
  const name = reading.string(given(call.args, 0, "name"));
  if (name === null) reading.readsAnyParameter = true;
  else
    reading.parameter({
      ...{ name: name.value, nameSpan: name, node: call.node, kind: isParam ? "param" : "determined" },
      default: isParam ? given(call.args, 1, "default") : null,
    });
}
