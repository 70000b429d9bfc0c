import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { PoolConnection } from "../../../../src/cluster/client/connection.ts";
import type { BulkTarget } from "../../../../src/cluster/server/ports.ts";
import { rig, type Rig } from "./rig.ts";

const MiB = 1024 * 1024;
/** What `bulk/open` stands for in a test, by the path that is asked for. */
type Targets = Record<string, (folder: string) => BulkTarget>;

async function bulkRig(
  targets: Targets,
): Promise<Rig & { ticket: (connection: PoolConnection, name: string) => Promise<string> }> {
  const made = await rig((rpc, folder) => ({
    "bulk/open": ({ path: name }: { path: string }, { clientId }: { clientId: number }) => {
      const target = targets[name];
      if (target === undefined) throw new Error(name);
      return { ticket: rpc.tickets.issue(clientId, target(folder)), bytes: 0 };
    },
  }));
  return {
    ...made,
    async ticket(connection, name) {
      const source = { type: "runFile" as const, runId: "1.1.1", path: name };
      return (await connection.call("bulk/open", source)).ticket;
    },
  };
}
const file =
  (name: string) =>
  (folder: string): BulkTarget => ({
    kind: "file",
    path: path.join(folder, name),
    bytes: 0,
  });
/** Half a gigabyte that is not held in memory. */
async function* zeros(mebibytes: number, state?: { sent: number }): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(MiB);
  for (let index = 0; index < mebibytes; index++) {
    if (state) state.sent = index + 1;
    yield chunk;
    await sleep(0);
  }
}

function ask(made: Rig, options: http.RequestOptions): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: made.socketPath, ...options }, resolve);
    request.once("error", reject);
    request.end();
  });
}

describe("bulk transfers", () => {
  it("answer HEAD, GET and ranges as HTTP has it, for an empty file as well", async () => {
    const made = await bulkRig({ full: file("full"), empty: file("empty") });
    fs.writeFileSync(path.join(made.folder, "full"), "0123456789");
    fs.writeFileSync(path.join(made.folder, "empty"), "");
    const connection = await made.connect();
    const url = `/bulk/${await made.ticket(connection, "full")}`;
    const head = await ask(made, { path: url, method: "HEAD" });
    expect([head.statusCode, head.headers["content-length"], await text(head)]).toEqual([200, "10", ""]);
    const part = await ask(made, { path: url, headers: { range: "bytes=2-4" } });
    expect([part.statusCode, part.headers["content-range"], await text(part)]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    const beyond = await ask(made, { path: url, headers: { range: "bytes=10-" } });
    expect([beyond.statusCode, beyond.headers["content-range"]]).toEqual([416, "bytes */10"]);
    beyond.resume();
    expect(await text(await connection.bulkGet(await made.ticket(connection, "empty"), null))).toBe("");
  });

  it.each([
    ["/", "GET", 404],
    ["/bulk/", "GET", 404],
    ["/bulk/../bulk/x", "GET", 410],
    [`/bulk/${"0".repeat(32)}`, "GET", 410],
    ["/bulk/constructor", "GET", 410],
    ["//etc/passwd", "GET", 404],
    ["http://elsewhere/bulk/x", "GET", 404],
    ["/", "POST", 404],
    ["*", "OPTIONS", 404],
  ])("have no address but tickets: %s", async (url, method, status) => {
    const answer = await ask(await rig(), { path: url, method });
    answer.resume();
    expect(answer.statusCode).toBe(status);
  });

  it("are cut off, not refused, where the pool has noticed the end of the connection first", async () => {
    const made = await bulkRig({ full: file("full") });
    fs.writeFileSync(path.join(made.folder, "full"), "x");
    const connection = await made.connect();
    const ticket = await made.ticket(connection, "full");
    connection.close();
    const status = async () => {
      const answer = await ask(made, { path: `/bulk/${ticket}` });
      answer.resume();
      return answer.statusCode;
    };
    await expect.poll(status).toBe(410);
    await expect(connection.bulkGet(ticket, null)).rejects.toMatchObject({
      reason: "disconnected",
      message: expect.stringContaining("broke off") as string,
    });
  });

  it("give a ticket for one thing only, and a sink's once", async () => {
    let received = 0;
    const made = await bulkRig({
      full: file("full"),
      sink: () => ({ kind: "sink", receive: async (body) => void (received = (await buffer(body)).length) }),
    });
    fs.writeFileSync(path.join(made.folder, "full"), "x");
    const connection = await made.connect();
    const [full, sink] = [await made.ticket(connection, "full"), await made.ticket(connection, "sink")];
    await expect(connection.bulkPut(full, Readable.from(["x"]))).rejects.toThrow("something else");
    await expect(connection.bulkGet(sink, null)).rejects.toThrow("something else");
    await connection.bulkPut(sink, Readable.from(zeros(20)));
    expect(received).toBe(20 * MiB);
    await expect(connection.bulkPut(sink, Readable.from(["x"]))).rejects.toMatchObject({
      reason: "notFound",
    });
  });

  it("open neither a link, nor a folder, nor a named pipe that would hold up everybody", async () => {
    const made = await bulkRig({
      link: file("link"),
      pipe: file("pipe"),
      folder: file("s"),
      none: file("none"),
    });
    fs.symlinkSync("/etc/hostname", path.join(made.folder, "link"));
    execFileSync("mkfifo", [path.join(made.folder, "pipe")]);
    const connection = await made.connect();
    for (const name of ["link", "pipe", "folder", "none"])
      await expect(connection.bulkGet(await made.ticket(connection, name), null)).rejects.toThrow("refused");
  });

  it("send no faster than is read", async () => {
    const state = { sent: 0 };
    const made = await bulkRig({
      stream: () => ({ kind: "stream", open: () => Readable.from(zeros(200, state)) }),
    });
    const connection = await made.connect();
    const body = await connection.bulkGet(await made.ticket(connection, "stream"), null);
    await sleep(300);
    expect(state.sent).toBeLessThan(20);
    let bytes = 0;
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(200 * MiB);
  });

  it("receive no faster than is taken", async () => {
    const state = { sent: 0 };
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const made = await bulkRig({
      sink: () => ({
        kind: "sink",
        receive: async (body) => {
          await gate;
          await pipeline(body, new Writable({ write: (_chunk, _encoding, done) => done() }));
        },
      }),
    });
    const connection = await made.connect();
    const put = connection.bulkPut(await made.ticket(connection, "sink"), Readable.from(zeros(200, state)));
    await sleep(300);
    expect(state.sent).toBeLessThan(20);
    open();
    await put;
    expect(state.sent).toBe(200);
  });

  it("carry a refusal back to a sender who is still sending", async () => {
    const made = await bulkRig({
      sink: () => ({
        kind: "sink",
        // As git does with a bad pack: it reads the beginning and hangs up.
        receive: (body) =>
          new Promise((_resolve, reject) =>
            body.once("data", () => {
              (body as Readable).destroy();
              reject(new Error("the pack is broken"));
            }),
          ),
      }),
    });
    const connection = await made.connect();
    await expect(
      connection.bulkPut(await made.ticket(connection, "sink"), Readable.from(zeros(50))),
    ).rejects.toThrow("the pack is broken");
    await expect(connection.bulkPut("0".repeat(32), Readable.from(zeros(50)))).rejects.toMatchObject({
      reason: "notFound",
    });
  });

  it("tell the sink when the sender gives up, and the reader when the source breaks", async () => {
    let signal: AbortSignal | null = null;
    let failure: unknown = null;
    const made = await bulkRig({
      sink: () => ({
        kind: "sink",
        receive: async (body, told) => {
          signal = told;
          await buffer(body).catch((error: unknown) => {
            failure = error;
            throw error;
          });
        },
      }),
      broken: () => ({
        kind: "stream",
        open: () =>
          Readable.from(
            (async function* () {
              yield Buffer.alloc(MiB);
              await sleep(10);
              throw new Error("the disk is gone");
            })(),
          ),
      }),
    });
    const connection = await made.connect();
    const giveUp = new AbortController();
    const put = connection.bulkPut(
      await made.ticket(connection, "sink"),
      Readable.from(zeros(10_000)),
      giveUp.signal,
    );
    await expect.poll(() => signal !== null).toBe(true);
    giveUp.abort();
    await expect(put).rejects.toMatchObject({ name: "AbortError" });
    await expect.poll(() => signal?.aborted).toBe(true);
    await expect.poll(() => failure).not.toBeNull();
    const body = await connection.bulkGet(await made.ticket(connection, "broken"), null);
    await expect(buffer(body)).rejects.toThrow();
    await expect.poll(() => made.logged.join("\n")).toContain("the disk is gone");
  });
});
