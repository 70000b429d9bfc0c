/** Small schemas that the others are made of. */
import * as z from "zod";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export const Json: z.ZodType<Json> = z.json();
export const JsonObject = z.record(z.string(), Json);
export type JsonObject = z.infer<typeof JsonObject>;

export const Uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "not a UUID");

/** True for a path that stays inside its folder: relative, `/`-separated, no `..`, no control characters. */
export function isInsidePath(path: string): boolean {
  if (
    path === "" ||
    path.length > 4096 ||
    path.startsWith("/") ||
    path.includes("\\") ||
    /^[A-Za-z]:/.test(path)
  )
    return false;
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f]/.test(path)) return false;
  return path === "." || path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

export const RelativePath = z.string().refine(isInsidePath, "not a relative path inside its folder");

/** A path on a pool: absolute, or in the home folder there (`~/`). */
export const PoolPath = z
  .string()
  .max(4096)
  // eslint-disable-next-line no-control-regex
  .regex(/^(\/|~\/)[^\u0000-\u001f]*$/, "a path on the pool begins with `/` or `~/`");

/** A git object id: SHA-1, or SHA-256 repositories' longer one. */
export const ObjectId = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, "not a git object id");

/** Milliseconds since the Unix epoch (the protocol's times; files use seconds). */
export const TimeMs = z.number();

/** Any number, as it travels (frame.ts): NaN and the infinities, too. */
export const AnyNumber = z.number().or(z.nan()).or(z.literal(Infinity)).or(z.literal(-Infinity));

/** Binary that travels beside the JSON (frame.ts), never inside it. */
export const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "not bytes");
