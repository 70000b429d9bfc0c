/** The official Node for a host that has none: asked for, downloaded from a real server, verified, and nothing else taken. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { NodeQuestion, SshQuestions } from "../../../../src/cluster/client/ssh/host.ts";
import {
  OFFICIAL_NODE,
  officialNode,
  type OfficialNodeOptions,
  type PinnedNode,
} from "../../../../src/cluster/client/ssh/officialNode.ts";
import { silentQuestions } from "../../../../src/cluster/client/ssh/silentQuestions.ts";
import { connectSshPool } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { put, temporaryFolder } from "../support.ts";
import { isRoot, NEEDS_ROOT } from "./accounts.ts";
import { buildBundles, rig } from "./poolRig.ts";

const NAME = "node-v24.0.0-linux-arm64";
const HOST = { system: "Linux", machine: "aarch64", libc: "glibc 2.31" };
/** What an ELF program for arm64 begins with; what follows does not pack. */
const PROGRAM = Buffer.concat([
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2]),
  Buffer.alloc(13),
  Buffer.from([183, 0]),
  Buffer.from(
    Array.from(
      { length: 400_000 },
      (_, index) =>
        createHash("md5")
          .update(`${index >> 4}`)
          .digest()[index % 16] ?? 0,
    ),
  ),
]);

/** An archive as the official ones are, with a name in it that leads out. */
function archive(program = PROGRAM): Buffer {
  const folder = temporaryFolder("archive");
  put(folder, { [`${NAME}/bin/node`]: program, [`${NAME}/README.md`]: "# Node", evil: "evil" });
  const file = path.join(folder, "archive.tar.gz");
  const names = ["--transform", "s,^evil$,../../evil,", "-P", NAME, "evil"];
  execFileSync("tar", ["-C", folder, "-czf", file, ...names]);
  return fs.readFileSync(file);
}

type Answer = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;

const whole: Answer = (_request, response, content) => {
  response.writeHead(200, { "content-length": content.length }).end(content);
};

/** As a server that can send a part, from where it is asked to. */
const part: Answer = (request, response, content) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? NaN);
  if (!(start >= 0)) return whole(request, response, content);
  if (start >= content.length) return void response.writeHead(416).end();
  response
    .writeHead(206, {
      "content-length": content.length - start,
      "content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
    })
    .end(content.subarray(start));
};

/** Sends so much of what it is asked for, and cuts. */
const cutAfter =
  (bytes: number): Answer =>
  (_request, response, content) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 50));
  };

interface Site {
  /** What was asked for, with the range. */
  requests: string[];
  asked: NodeQuestion[];
  progress: string[];
  stateFolder: string;
  mirror: string;
  questions: Required<Pick<SshQuestions, "downloadNode">>;
  get: (change?: Partial<OfficialNodeOptions>) => ReturnType<typeof officialNode>;
  /** What lies beside what is kept. */
  leftovers: () => string[];
}

/** @param answers one a request; the last goes on */
async function site(answers: Answer[] = [part], content = archive(), sha256 = sha(content)): Promise<Site> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push([request.url, request.headers.range].filter(Boolean).join(" "));
    (answers[requests.length - 1] ?? answers.at(-1) ?? whole)(request, response, content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const stateFolder = temporaryFolder("state");
  const asked: NodeQuestion[] = [];
  const progress: string[] = [];
  const pin: PinnedNode = { version: "v24.0.0", archives: { arm64: sha256 } };
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror/`;
  const questions: Site["questions"] = {
    downloadNode: (question) => {
      asked.push(question);
      return Promise.resolve(true);
    },
  };
  const options: OfficialNodeOptions = {
    alias: "gpu1",
    stateFolder,
    mirror,
    questions,
    onStep: (step, detail) => progress.push(`${step} ${detail}`),
  };
  return {
    requests,
    asked,
    progress,
    stateFolder,
    mirror,
    questions,
    get: (change = {}) => officialNode(HOST, { ...options, ...change }, pin),
    leftovers: () =>
      fs.readdirSync(path.join(stateFolder, "runtimes")).filter((name) => name !== "linux-arm64"),
  };
}

const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("the official Node", () => {
  it("is asked for, downloaded, verified and kept; of the archive nothing else is taken", async () => {
    const at = await site();
    const node = await at.get();
    expect(gunzipSync(node?.bytes ?? Buffer.alloc(0)).equals(PROGRAM)).toBe(true);
    expect(at.asked).toEqual([
      {
        pool: "gpu1",
        node: "Node v24.0.0 for Linux on arm64",
        url: expect.stringMatching(
          /^http:\/\/127\.0\.0\.1:\d+\/mirror\/v24\.0\.0\/node-v24\.0\.0-linux-arm64\.tar\.gz$/,
        ) as string,
      },
    ]);
    expect(at.requests).toEqual([`/mirror/v24.0.0/${NAME}.tar.gz`]);
    expect(at.progress.at(-1)).toMatch(/^downloading Node v24\.0\.0 for Linux on arm64, (\d\.\d) of \1 MB$/);
    expect(at.leftovers()).toEqual([]);
    expect(fs.readdirSync(at.stateFolder)).toEqual(["runtimes"]);
    expect(fs.existsSync(path.join(at.stateFolder, "..", "evil"))).toBe(false);
  });

  it("is downloaded once where two windows want it", async () => {
    const at = await site();
    const [one, other] = await Promise.all([at.get(), at.get()]);
    expect(one?.name).toBe(other?.name);
    expect(at.requests).toHaveLength(1);
  });

  it.each([
    ["who says no", { downloadNode: () => Promise.resolve(false) }],
    ["nobody", {}],
    ["nobody in the background", silentQuestions],
  ])("is not asked for from the net where the answer is that of %s", async (_name, questions) => {
    const at = await site();
    await expect(at.get({ questions })).rejects.toMatchObject({
      name: "PersonNeededError",
      message: expect.stringContaining("nobody said yes to downloading") as string,
      remedy: expect.stringContaining("trainyard pool runtime FILE") as string,
    });
    expect(at.requests).toEqual([]);
  });

  it("with another SHA-256 is deleted, and the next try begins anew", async () => {
    const at = await site([part], archive(), "0".repeat(64));
    for (const _ of [1, 2])
      await expect(at.get()).rejects.toThrow(/was deleted: its SHA-256 is [0-9a-f]{64}, not 0{64}/);
    expect(at.leftovers()).toEqual([]);
    expect(at.requests).toEqual([`/mirror/v24.0.0/${NAME}.tar.gz`, `/mirror/v24.0.0/${NAME}.tar.gz`]);
  });

  it("that was cut is gone on with where it ended", async () => {
    const at = await site([cutAfter(100_000), part]);
    expect(await at.get()).not.toBeNull();
    expect(at.requests[1]).toMatch(/ bytes=\d+-$/);
    expect(at.leftovers()).toEqual([]);
  });

  it("that was cut is begun anew where the server sends no parts", async () => {
    const at = await site([cutAfter(100_000), whole]);
    expect(await at.get()).not.toBeNull();
    expect(at.requests).toHaveLength(2);
  });

  it("of which all had come before the window was closed is not sent again", async () => {
    const content = archive();
    const at = await site([part], content);
    put(at.stateFolder, { [`runtimes/${NAME}.tar.gz.partial`]: content });
    expect(await at.get()).not.toBeNull();
    expect(at.requests).toEqual([`/mirror/v24.0.0/${NAME}.tar.gz bytes=${content.length}-`]);
  });

  it("whose beginning was damaged here is refused", async () => {
    const at = await site();
    put(at.stateFolder, { [`runtimes/${NAME}.tar.gz.partial`]: "not the beginning" });
    await expect(at.get()).rejects.toThrow(/was deleted/);
    expect(await at.get()).not.toBeNull();
  });

  it("is cancelled at once, and gone on with later", async () => {
    const hang: Answer = (_request, response, content) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 100_000));
    };
    const at = await site([hang, part]);
    const cancel = new AbortController();
    const failed = at.get({ signal: cancel.signal });
    const ended = expect(failed).rejects.toThrow("enough");
    const partial = path.join(at.stateFolder, "runtimes", `${NAME}.tar.gz.partial`);
    await expect
      .poll(() => fs.statSync(partial, { throwIfNoEntry: false })?.size, { timeout: 20_000 })
      .toBe(100_000);
    cancel.abort(new Error("enough"));
    await ended;
    expect(await at.get()).not.toBeNull();
    expect(at.requests[1]).toMatch(/ bytes=100000-$/);
  });

  it.each([
    ["refuses", (_request, response) => void response.writeHead(404).end(), /answered 404/],
    ["hangs up", (request) => void request.destroy(), /could not be downloaded/],
  ] satisfies [string, Answer, RegExp][])(
    "from a server that %s: one sentence",
    async (_name, answer, words) => {
      const at = await site([answer]);
      await expect(at.get()).rejects.toThrow(words);
    },
  );

  it.each(["file:///etc", "nodejs.org", ""])("has no mirror at %j", async (mirror) => {
    const at = await site();
    await expect(at.get({ mirror })).rejects.toMatchObject({
      remedy: expect.stringContaining("TRAINYARD_NODE_MIRROR") as string,
    });
    expect(at.asked).toEqual([]);
  });

  it.each([
    ["musl", { ...HOST, libc: "musl libc (aarch64)" }],
    ["an old glibc", { ...HOST, libc: "glibc 2.17" }],
    ["an unknown machine", { ...HOST, machine: "riscv64" }],
    ["another system", { ...HOST, system: "Darwin" }],
  ])("is not for a host with %s", async (_name, facts) => {
    const asked = (): never => {
      throw new Error("asked");
    };
    const options = {
      alias: "gpu1",
      stateFolder: temporaryFolder(),
      mirror: null,
      questions: { downloadNode: asked },
    };
    expect(await officialNode(facts, options)).toBeNull();
  });

  it("is pinned for both architectures", () => {
    expect(OFFICIAL_NODE.version).toMatch(/^v(2[4-9]|[3-9]\d)\.\d+\.\d+$/);
    expect(Object.keys(OFFICIAL_NODE.archives)).toEqual(["x64", "arm64"]);
    for (const sha256 of Object.values(OFFICIAL_NODE.archives)) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe.skipIf(!isRoot)(`a host without a Node ${NEEDS_ROOT}`, () => {
  beforeAll(buildBundles, 120_000);

  /** It has no Node, and says that it is another machine. */
  async function otherMachine(libc: string) {
    const bin = temporaryFolder("bin");
    fs.chmodSync(path.dirname(bin), 0o755);
    const say = (words: string): string => `#!/bin/sh\n${words}\n`;
    put(bin, {
      uname: say('[ "$1" = -m ] && echo aarch64 || echo Linux'),
      getconf: say(`echo ${libc}`),
      node: say("exit 1"),
    });
    for (const tool of fs.readdirSync(bin)) fs.chmodSync(path.join(bin, tool), 0o755);
    // Wherever this machine has one.
    const mount = `for node in /usr/bin/node /usr/local/bin/node; do [ ! -e $node ] || mount --bind /dev/null $node; done`;
    return rig([], true, { mount, environment: { PATH: `${bin}:/usr/bin:/bin` } });
  }

  it("is told what was wrong with what came, and gets nothing", async () => {
    const at = await site([whole], Buffer.from("not a Node"));
    const host = await otherMachine("glibc 2.36");
    const options = host.options({ runtimePath: null });
    const failed = connectSshPool({
      ...options,
      nodeMirror: at.mirror,
      questions: { ...options.questions, ...at.questions },
    });
    await expect(failed).rejects.toThrow(/was deleted: its SHA-256 is/);
    const node = `Node ${OFFICIAL_NODE.version} for Linux on arm64`;
    expect(at.asked).toMatchObject([{ pool: "gpu1", node }]);
    expect(at.requests).toHaveLength(1);
    expect(fs.existsSync(path.join(host.host.folder, "pool", "runtime"))).toBe(false);
  }, 60_000);

  it("that no official Node runs on: one sentence, and what to do", async () => {
    const host = await otherMachine("glibc 2.17");
    await expect(host.connect({ runtimePath: null })).rejects.toMatchObject({
      message:
        "gpu1 has no Node 22.13 or later, and none is known that would run there (Linux on aarch64, glibc 2.17).",
      remedy: expect.stringMatching(/runtime path, or .* trainyard pool runtime FILE/) as string,
    });
  }, 60_000);
});
