/** Data that git ignores, on a pool at the other end of a real sshd: missing, then found there, then sent. */
import fs from "node:fs";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { mapPath, sendPath } from "../../../../src/cluster/client/snapshot/answers.ts";
import { planSnapshot, type SnapshotPlan } from "../../../../src/cluster/client/snapshot/plan.ts";
import { submitExperiment, type Submitted } from "../../../../src/cluster/client/submit.ts";
import type { Result } from "../../../../src/cluster/protocol/methods.ts";
import { put, repository, temporaryFolder } from "../support.ts";
import { buildBundles, rig } from "./poolRig.ts";

beforeAll(buildBundles, 120_000);

const SCRIPT = 'print(open("data/train.csv").read(), end="", flush=True)\n';

it("a script that reads an ignored file fails with the reason; mapped it finds it there, and sent too", async () => {
  const at = await rig();
  const connection = await at.connect();
  const folder = repository({ ".gitignore": "data/\n", "train.py": SCRIPT });
  put(folder, { "data/train.csv": "from here\n" });
  const there = temporaryFolder("scratch");
  put(there, { "train.csv": "from there\n" });

  const submit = (): Promise<Submitted> =>
    submitExperiment({
      connection,
      pool: "gpu1",
      isRemote: true,
      stateFolder: at.stateFolder,
      script: path.join(folder, "train.py"),
      folder,
      confirm: () => Promise.resolve("cancel"),
    });
  const ended = async ({ experimentId }: Submitted): Promise<Result<"experiment/get">> => {
    const get = () => connection.call("experiment/get", { experimentId });
    await expect
      .poll(async () => (await get()).experiment.state, { timeout: 60_000 })
      .toSatisfy((state) => state === "completed" || state === "failed");
    return get();
  };
  const output = async (runId: string): Promise<string> => {
    const read = await connection.call("output/read", { runId, stream: "stdout", offset: 0, limit: 1000 });
    return Buffer.from(read.bytes).toString();
  };
  const plan = (): Promise<SnapshotPlan> =>
    planSnapshot({ folder, stateFolder: at.stateFolder, linkable: false, pool: "gpu1" });

  const missing = await submit();
  expect(missing.notes).toEqual([
    "data is ignored by .gitignore:1 (data/) and was not sent: the pool does not see this machine's files. " +
      "Send it, or use a path on the pool: Show What Will Be Sent in the editor, trainyard data on the command line.",
  ]);
  expect((await ended(missing)).trials).toMatchObject([
    {
      state: "failed",
      failure: {
        notSent: { path: "data/train.csv", leftOut: "data" },
        message: expect.stringMatching(
          /^data\/train\.csv is ignored by git and was not sent \(\.gitignore:1, data\/\)\. .*FileNotFoundError/,
        ) as string,
      },
    },
  ]);

  await mapPath(await plan(), "data", path.join(there, "nothing"));
  await expect(submit()).rejects.toThrow(
    `data is to be ${there}/nothing on gpu1 (mapped on gpu1 by you), which does not exist.`,
  );
  expect((await connection.call("experiment/list", {})).experiments).toHaveLength(1);

  await mapPath(await plan(), "data", there);
  const mapped = await submit();
  expect(mapped.notes).toEqual([]);
  expect(mapped.snapshot).toMatchObject({
    linked: [{ path: "data", target: there, reason: "mapped on gpu1 by you" }],
    leftOut: [],
  });
  expect(await ended(mapped)).toMatchObject({ trials: [{ state: "completed" }] });
  expect(await output(`${mapped.experimentId}.1.1`)).toBe("from there\n");
  expect(fs.readdirSync(there)).toEqual(["train.csv"]);

  await sendPath(await plan(), "data");
  const sent = await submit();
  expect(sent.snapshot).toMatchObject({ linked: [], leftOut: [] });
  expect(await ended(sent)).toMatchObject({ trials: [{ state: "completed" }] });
  expect(await output(`${sent.experimentId}.1.1`)).toBe("from here\n");
}, 240_000);

it("the configuration names a path in the home folder there", async () => {
  const at = await rig();
  const connection = await at.connect();
  const folder = repository({
    ".gitignore": "data/\n",
    "train.py": SCRIPT,
    "train.yaml": "data:\n  table: {path: data/train.csv, pools: {gpu1: ~/table.csv}}\n",
  });
  const { paths } = await connection.call("path/check", { paths: ["~/"] });
  put(paths[0]?.target ?? "", { "table.csv": "at home\n" });
  const submitted = await submitExperiment({
    connection,
    pool: "gpu1",
    isRemote: true,
    stateFolder: at.stateFolder,
    script: path.join(folder, "train.py"),
    folder,
    confirm: () => Promise.resolve("cancel"),
  });
  expect(submitted.snapshot.linked).toEqual([
    {
      path: "data/train.csv",
      target: path.join(paths[0]?.target ?? "", "table.csv"),
      reason: "data.table of the configuration",
    },
  ]);
  await expect
    .poll(
      async () =>
        (await connection.call("experiment/get", { experimentId: submitted.experimentId })).experiment.state,
      { timeout: 60_000 },
    )
    .toBe("completed");
}, 120_000);
