/** One file by HTTP whose SHA-256 is known beforehand. What came before a cut stays, and is gone on with. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { messageOf, UserError } from "../userError.ts";

/** A server that sends nothing for so long has gone. */
const STALL_MS = 30_000;
const MOST_BYTES = 500_000_000;
const CHECK = "Check the network and its proxy.";

export interface Download {
  url: string;
  sha256: string;
  /** Where it is put, whole and verified or not at all. */
  file: string;
  /** @param totalBytes null where the server does not say */
  onProgress: (bytes: number, totalBytes: number | null) => void;
  signal?: AbortSignal | undefined;
}

/** @throws UserError, or the signal's reason */
export async function downloadVerified(download: Download): Promise<void> {
  const { url, sha256, file, signal } = download;
  const partial = `${file}.partial`;
  // Each attempt brings it further, or is the last.
  for (;;) {
    const have = await sizeOf(partial);
    try {
      await fetchRest(download, partial, have);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UserError || (await sizeOf(partial)) <= have) throw unreachable(url, error);
    }
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(partial), hash);
  const found = hash.digest("hex");
  if (found !== sha256) {
    await rm(partial, { force: true });
    throw new UserError(
      `What ${url} sent is not what it should be, and was deleted: its SHA-256 is ${found}, not ${sha256}.`,
      "A proxy or a mirror may have changed it: try again, or from another network.",
    );
  }
  await rename(partial, file);
}

async function fetchRest(
  { url, onProgress, signal }: Download,
  partial: string,
  have: number,
): Promise<void> {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new UserError(`${url} does not answer.`, CHECK)), STALL_MS);
  try {
    const response = await fetch(url, {
      // Counted and hashed as it is, not unpacked on the way.
      headers: { "accept-encoding": "identity", ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      signal: AbortSignal.any([stall.signal, ...(signal ? [signal] : [])]),
    });
    if (response.status === 416) return; // nothing is left to come: its hash says whether that is all
    const isRest = response.status === 206 && startOf(response) === have;
    if (response.status !== 200 && !isRest)
      throw new UserError(
        `${url} answered ${response.status} ${response.statusText}.`.replace(" .", "."),
        CHECK,
      );
    const length = Number(response.headers.get("content-length") ?? NaN);
    let at = isRest ? have : 0;
    const total = Number.isFinite(length) ? at + length : null;
    const file = await open(partial, isRest ? "a" : "w", 0o600);
    try {
      for await (const chunk of response.body ?? []) {
        timer.refresh();
        at += chunk.byteLength;
        if (at > MOST_BYTES) throw new UserError(`${url} sends without end.`, CHECK);
        await file.writeFile(chunk);
        onProgress(at, total);
      }
    } finally {
      await file.close();
    }
    if (total !== null && at < total) throw new Error("the connection was cut");
  } finally {
    clearTimeout(timer);
  }
}

/** Where the part begins that a server sends. */
function startOf(response: Response): number | null {
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return start === undefined ? null : Number(start);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** `fetch` itself says only that it failed; why is the cause. */
function unreachable(url: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const cause = (error as Error).cause ?? error;
  const code = (cause as NodeJS.ErrnoException).code;
  return new UserError(
    `${url} could not be downloaded: ${messageOf(cause) || code || "the connection failed"}.`,
    `${CHECK} What has come is gone on with at the next try.`,
    { cause: error },
  );
}
