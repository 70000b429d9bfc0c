/** A Node on its way to a host: cut, damaged, gone on with, by the real scripts at the other end of a real sshd. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";
import { INSTALL_BUNDLE, LOOK } from "../../../../src/cluster/client/ssh/hostScripts.ts";
import { prepareHost } from "../../../../src/cluster/client/ssh/prepareHost.ts";
import type { RunOptions } from "../../../../src/cluster/client/ssh/session.ts";
import { openSsh2Session } from "../../../../src/cluster/client/ssh/ssh2Session.ts";
import { startSshd } from "./host.ts";

/** What the scripts need of a Node: that it starts, and says that it is new enough. */
const PROGRAM = Buffer.from(`#!/bin/sh\necho true\n# ${"0123456789abcdef".repeat(500)}\n`);

interface Sending {
  bytes: Buffer;
  /** Where the host keeps what has arrived. */
  partial: string;
  node: string;
  /** Bytes that this side has sent, time by time. */
  sent: number[];
  /** Until the Node is there. */
  prepare: () => Promise<unknown>;
}

async function sending(program = PROGRAM): Promise<Sending> {
  const sshd = await startSshd();
  const session = await openSsh2Session(sshd.host(), {
    questions: { trustHostKey: () => Promise.resolve(false), secret: () => Promise.resolve(null) },
    memory: new Map(),
    verify: () => Promise.resolve(),
    keyTypes: () => Promise.resolve([]),
    resolve: () => Promise.reject(new Error("no hops")),
  });
  onTestFinished(() => session.close());
  const bytes = gzipSync(program, { level: 0 });
  const name = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  const home = path.join(sshd.folder, "pool");
  const folder = path.join(home, "runtime", name);
  fs.mkdirSync(folder, { recursive: true });
  fs.chmodSync(home, 0o700);
  const sent: number[] = [];
  const counted = async function* (input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const at = sent.push(0) - 1;
    let isHead = true;
    for await (const chunk of input) {
      if (!isHead) sent[at] = (sent[at] ?? 0) + chunk.length;
      isHead = false;
      yield chunk;
    }
  };
  const run = async (command: string, options: RunOptions = {}) => {
    if (command === INSTALL_BUNDLE) throw new Error("the Node is there");
    const { input } = options;
    const isSending = input !== undefined && !Buffer.isBuffer(input);
    const ran = await session.run(command, isSending ? { ...options, input: counted(input) } : options);
    // The machine that runs the tests may have a Node that would do.
    const hidden = command === LOOK && !fs.existsSync(path.join(folder, "node"));
    return hidden ? { ...ran, stdout: ran.stdout.replace(/^node=.*$/m, "node=") } : ran;
  };
  return {
    bytes,
    partial: path.join(folder, "node.gz.partial"),
    node: path.join(folder, "node"),
    sent,
    prepare: () =>
      prepareHost({
        session: Object.assign(Object.create(session) as typeof session, { run }),
        alias: "gpu1",
        bundle: { hash: "none", payload: () => Buffer.alloc(0) },
        runtimePath: null,
        home,
        runtimeFor: () => Promise.resolve({ name, bytes }),
      }),
  };
}

it("what was cut is gone on with where it ended", async () => {
  const { bytes, partial, node, sent, prepare } = await sending();
  fs.writeFileSync(partial, bytes.subarray(0, 100));
  await expect(prepare()).rejects.toThrow("the Node is there");
  expect(sent).toEqual([bytes.length - 100]);
  expect(fs.readFileSync(node).equals(PROGRAM)).toBe(true);
  expect(fs.existsSync(partial)).toBe(false);
});

it("what had arrived whole is not sent again", async () => {
  const { bytes, partial, sent, prepare } = await sending();
  fs.writeFileSync(partial, bytes);
  await expect(prepare()).rejects.toThrow("the Node is there");
  expect(sent).toEqual([0]);
});

it.each([
  ["other bytes", (bytes: Buffer) => Buffer.concat([Buffer.from("not a Node"), bytes.subarray(10, 200)])],
  // Unpacks without a word: gzip's own checksum says nothing of what comes after.
  ["more than was sent", (bytes: Buffer) => Buffer.concat([bytes, gzipSync("evil")])],
])(
  "what was damaged on the host (%s) is refused, and sent again from its beginning",
  async (_name, damage) => {
    const { bytes, partial, node, sent, prepare } = await sending();
    fs.writeFileSync(partial, damage(bytes));
    await expect(prepare()).rejects.toThrow("the Node is there");
    expect(sent.at(-1)).toBe(bytes.length);
    expect(fs.readFileSync(node).equals(PROGRAM)).toBe(true);
  },
);

it("what does not run there is not kept", async () => {
  const { node, prepare } = await sending(Buffer.from("\x7fELF of another machine"));
  await expect(prepare()).rejects.toThrow(/does not run on gpu1/);
  expect(fs.readdirSync(path.dirname(node))).toEqual([]);
});
