/**
 * One message on the wire: a WebSocket frame. A message without bytes is a text frame of JSON. A message with bytes is
 * a binary frame: u32 little-endian length of the JSON, the JSON, then the bytes of every Uint8Array one after the
 * other; in the JSON each stands as `{"$bytes": [offset, length]}`. NaN and the infinities stand as `{"$number": "NaN"}`, and an object of
 * somebody's that looks like one of these as `{"$plain": {...}}`.
 * So curves and logs travel as binary, and no number is ever lost to JSON.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The largest message that either end accepts. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export class FrameError extends Error {
  override readonly name = "FrameError";
}

export function encodeFrame(message: unknown): string | Uint8Array {
  const body = new Body();
  // Not by JSON.stringify's replacer: that sees a Buffer after its toJSON, which makes an array of megabytes of numbers.
  const json = JSON.stringify(marked(message, body));
  const { chunks, bytes: offset } = body;
  if (chunks.length === 0) return json;
  const head = encoder.encode(json);
  const frame = new Uint8Array(4 + head.byteLength + offset);
  new DataView(frame.buffer).setUint32(0, head.byteLength, true);
  frame.set(head, 4);
  let position = 4 + head.byteLength;
  for (const chunk of chunks) {
    frame.set(chunk, position);
    position += chunk.byteLength;
  }
  return frame;
}

class Body {
  readonly chunks: Uint8Array[] = [];
  bytes = 0;

  add(chunk: Uint8Array): { $bytes: [number, number] } {
    const offset = this.bytes;
    this.chunks.push(chunk);
    this.bytes += chunk.byteLength;
    return { $bytes: [offset, chunk.byteLength] };
  }
}

/** @returns the value itself where there is nothing to mark, else a copy */
function marked(value: unknown, body: Body): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : { $number: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return body.add(value);
  if (Array.isArray(value)) {
    let copy: unknown[] | null = null;
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      const out = marked(item, body);
      if (out !== item) (copy ??= [...(value as unknown[])])[index] = out;
    }
    return copy ?? value;
  }
  if ("toJSON" in value && typeof value.toJSON === "function")
    return marked((value.toJSON as () => unknown)(), body);
  const record = value as Record<string, unknown>;
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(record)) {
    const out = marked(record[key], body);
    if (out !== record[key]) (copy ??= { ...record })[key] = out;
  }
  return looksLikeOurs(value) ? { $plain: copy ?? record } : (copy ?? record);
}

/** @throws FrameError when it is not a message */
export function decodeFrame(frame: string | Uint8Array): unknown {
  try {
    if (typeof frame === "string") return revive(JSON.parse(frame), new Uint8Array());
    if (frame.byteLength < 4) throw new FrameError("a binary frame of fewer than 4 bytes");
    const headBytes = new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
    if (4 + headBytes > frame.byteLength) throw new FrameError("a binary frame that is shorter than it says");
    const json = decoder.decode(frame.subarray(4, 4 + headBytes));
    return revive(JSON.parse(json), frame.subarray(4 + headBytes));
  } catch (error) {
    if (error instanceof FrameError) throw error;
    throw new FrameError(`not a message: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function revive(value: unknown, body: Uint8Array): unknown {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = revive(value[index], body);
    return value;
  }
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  const only = keys.length === 1 ? keys[0] : undefined;
  if (only === "$bytes") {
    const [offset, length] = Array.isArray(record.$bytes) ? (record.$bytes as unknown[]) : [];
    if (!Number.isInteger(offset) || !Number.isInteger(length))
      throw new FrameError("$bytes without offset and length");
    const [start, size] = [offset as number, length as number];
    if (start < 0 || size < 0 || start + size > body.byteLength)
      throw new FrameError("$bytes outside of the frame");
    // A copy: the frame's memory may be pooled, and typed arrays over the bytes need their own alignment.
    return body.slice(start, start + size);
  }
  if (only === "$number") return Number(record.$number);
  if (only === "$plain" && typeof record.$plain === "object" && record.$plain !== null) {
    return reviveKeys(record.$plain as Record<string, unknown>, body);
  }
  return reviveKeys(record, body);
}

function reviveKeys(record: Record<string, unknown>, body: Uint8Array): Record<string, unknown> {
  for (const key of Object.keys(record)) {
    // JSON.parse makes it a key like any other; assigning to it would change the prototype.
    if (key === "__proto__") delete record[key];
    else record[key] = revive(record[key], body);
  }
  return record;
}

function looksLikeOurs(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && ["$bytes", "$number", "$plain"].includes(keys[0] ?? "");
}
