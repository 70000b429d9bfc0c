/** Addresses of a pool's files in the editor: `trainyard:/run/12.1.1/plots/loss.png`. Pure. */
import type { Place } from "../../cluster/client/browse/folders.ts";

/** Another pool than this machine's is the authority: `trainyard://6770753/checkpoint/<uuid>/model.safetensors`. */
export interface PoolPath {
  /** The root, or one of its three folders, when null. */
  place: Place | null;
  /** Within the place, or the root: "" for itself. */
  path: string;
}

const ID = {
  run: /^[1-9]\d{0,8}\.[1-9]\d{0,8}\.[1-9]\d{0,8}$/,
  checkpoint: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  snapshot: /^[1-9]\d{0,8}$/,
} as const;
export const KINDS = Object.keys(ID) as Place["kind"][];

export function pathOf(place: Place, path: string): string {
  return ["", place.kind, idOf(place), ...(path === "" ? [] : [path])].join("/");
}

/** @returns null for what is no address of a pool's file, whatever the pool has */
export function parsePoolPath(text: string): PoolPath | null {
  const parts = text.split("/").filter((part) => part !== "");
  if (parts.some((part) => part === "." || part === "..")) return null;
  const [kind, id, ...rest] = parts;
  if (kind === undefined) return { place: null, path: "" };
  if (!isKind(kind)) return null;
  if (id === undefined) return { place: null, path: kind };
  if (!ID[kind].test(id)) return null;
  return { place: placeOf(kind, id), path: rest.join("/") };
}

function isKind(text: string): text is Place["kind"] {
  return Object.hasOwn(ID, text);
}

function placeOf(kind: Place["kind"], id: string): Place {
  switch (kind) {
    case "run":
      return { kind, runId: id };
    case "checkpoint":
      return { kind, uuid: id };
    case "snapshot":
      return { kind, experimentId: Number(id) };
  }
}

function idOf(place: Place): string {
  switch (place.kind) {
    case "run":
      return place.runId;
    case "checkpoint":
      return place.uuid;
    case "snapshot":
      return String(place.experimentId);
  }
}

/** The editor makes authorities lower case, and a pool's name may not be: it is in hexadecimal digits. */
export function authorityOf(poolId: string, localId: string): string {
  return poolId === localId ? "" : Buffer.from(poolId).toString("hex");
}
export function poolIdOf(authority: string, localId: string): string {
  return authority === "" ? localId : Buffer.from(authority, "hex").toString();
}
