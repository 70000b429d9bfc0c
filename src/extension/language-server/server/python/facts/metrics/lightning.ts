/** Lightning's `self.log("val_loss", x)` and `self.log_dict({...})`. */
import { given } from "../calls.ts";
import type { Call, Reading } from "../reading.ts";
import { type Keys, keysOf } from "./dictionaries.ts";
import { groupOf } from "./groups.ts";

/** Whether it was one. */
export function readLightning(call: Call, reading: Reading): boolean {
  const { name, path, args, node, scope } = call;
  if (path !== `self.${name}` && path !== `?.${name}`) return false;
  const isModule = reading.imports("lightning", "pytorch_lightning");
  const first = given(args, 0, name === "log" ? "name" : "dictionary");
  // Of an unknown receiver (`pl_module.log`), or in a file that imports Lightning nowhere, by its look.
  if (!isModule && (path.startsWith("?") || name !== "log" || args.positional.length < 2)) return false;
  if (path.startsWith("?") && name === "log" && args.positional.length + args.named.size < 2) return false;
  reading.spoken.add(node);
  if (isSwitchedOff("logger", call, reading)) return true;
  const text = reading.string(first);
  const { keys, hasMore }: Keys =
    name === "log_dict"
      ? keysOf(first, scope, reading)
      : { keys: text ? [{ value: text.value, span: text }] : [], hasMore: text === null };
  const method = methodAround(call);
  // These two are the axes of its loggers.
  for (const key of keys.filter(({ value }) => !["step", "epoch"].includes(value)))
    for (const value of namesOf(key.value, call, reading))
      reading.metric(node, { value, span: key.span }, groupIn(method, value));
  if (hasMore) reading.metric(node, null, groupIn(method, ""));
  return true;
}

/** What is logged for each step and for each epoch has a name for each. */
function namesOf(name: string, call: Call, reading: Reading): string[] {
  const isOn = (what: string): boolean => reading.literal(call.args.named.get(what)?.value ?? null) === true;
  return isOn("on_step") && isOn("on_epoch") ? [`${name}_step`, `${name}_epoch`] : [name];
}

function isSwitchedOff(what: string, call: Call, reading: Reading): boolean {
  return reading.literal(call.args.named.get(what)?.value ?? null) === false;
}

function methodAround({ scope }: Call): string {
  return scope.owner?.name ?? "";
}

/** While it validates or tests all is validation; a method that others call says nothing. */
function groupIn(method: string, name: string): string | null {
  if (/^(?:on_)?(?:validation|test|val)(?:_|$)/.test(method)) return "validation";
  if (/^(?:on_)?train/.test(method)) return groupOf(name);
  return groupOf(name) === "validation" ? "validation" : null;
}
