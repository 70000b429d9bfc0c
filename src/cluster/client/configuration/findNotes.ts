/** What is read and has no effect here, and what is odd. Pure. */
import {
  type ExperimentConfiguration,
  KEYS_OF_CHECKPOINT_STORAGE,
  keysWithoutEffect,
} from "../../protocol/configuration.ts";
import { own } from "../../protocol/own.ts";
import { settingsOf } from "../../search/settings.ts";
import { suspiciousBounds } from "./checkSpace.ts";
import { insteadOf } from "./instead.ts";
import type { Located } from "./places.ts";
import { locate, type Path, type Source } from "./source.ts";
import { dotted, isMapping } from "./words.ts";

/** Keys further inside that have no effect (yet). */
const NESTED_WITHOUT_EFFECT: Readonly<Record<string, readonly string[]>> = {
  environment: [
    "image",
    "proxy_ports",
    "ports",
    "force_pull_image",
    "registry_auth",
    "add_capabilities",
    "drop_capabilities",
    "pod_spec",
  ],
  resources: [
    "resource_pool",
    "is_single_node",
    "shm_size",
    "devices",
    "slots",
    "native_parallel",
    "agent_label",
  ],
};
/** Keys at the top that are read and of which nothing here makes use. */
const UNUSED = ["workspace", "project"];

export function findNotes(value: Readonly<Record<string, unknown>>, source: Source): Located[] {
  const groups = ["", ...Object.keys(NESTED_WITHOUT_EFFECT), "checkpoint_storage", "searcher"];
  const notes = groups.flatMap((group) => {
    const inner = group === "" ? value : value[group];
    if (!isMapping(inner)) return [];
    const path = group === "" ? [] : [group];
    return Object.keys(inner)
      .filter((key) => !hasEffect([...path, key], value))
      .map((key) => note([...path, key], source));
  });
  return [...notes, ...suspiciousBounds(source)];
}

/** Whether a key is made use of here, in a configuration that says `value`. True of a key that is not known. */
export function hasEffect(path: Path, value: Readonly<Record<string, unknown>>): boolean {
  const [group, key] = path.map(String);
  if (group === undefined || path.length > 2) return true;
  if (key === undefined) return ![...keysWithoutEffect(entrypointOf(value)), ...UNUSED].includes(group);
  if (group === "checkpoint_storage") return KEYS_OF_CHECKPOINT_STORAGE.includes(key);
  if (group === "searcher") return settingsOf(searcherOf(value)).includes(key);
  return !(own(NESTED_WITHOUT_EFFECT, group)?.includes(key) ?? false);
}

/** The searcher that a configuration, be it checked or not, names. */
export function searcherOf({ searcher }: Readonly<Record<string, unknown>>): string {
  return isMapping(searcher) && typeof searcher.name === "string" ? searcher.name : "single";
}

function entrypointOf({
  entrypoint,
}: Readonly<Record<string, unknown>>): ExperimentConfiguration["entrypoint"] {
  if (typeof entrypoint === "string") return entrypoint;
  return Array.isArray(entrypoint) ? entrypoint.map(String) : undefined;
}

function note(path: Path, source: Source): Located {
  const key = dotted(path);
  const message = `\`${key}\` has no effect here.${insteadOf(key)}`;
  return { ...locate(source, path, message, "key"), fix: { title: `Remove \`${key}\``, remove: true } };
}
