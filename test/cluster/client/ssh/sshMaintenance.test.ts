/** A pool at the other end of a real sshd is checked, repaired and copied there, also while its server does not start. */
import fs from "node:fs";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { backUpPool, checkPool } from "../../../../src/cluster/client/pools/maintain.ts";
import type { OpenPoolOptions } from "../../../../src/cluster/client/pools/openPool.ts";
import { buildBundles, rig, trainAndRestore } from "./poolRig.ts";

beforeAll(buildBundles, 120_000);

it("checks, repairs and backs up over there, and is told how far it is", async () => {
  const at = await rig();
  const { entry, ...ssh } = at.options();
  // Nothing of it is of this machine.
  const options = { ssh, local: {} } as unknown as OpenPoolOptions;
  const first = await at.connect();
  await trainAndRestore(at, first);
  const home = first.pool.folder;
  const progress: string[] = [];
  const asked = { full: true, repair: false, onProgress: (text: string) => void progress.push(text) };
  expect(await checkPool(entry, options, asked)).toMatchObject({
    home,
    findings: [],
    counts: { checkpoints: 3 },
  });
  expect(progress).toContain("Checking checkpoints");

  const folder = path.join(at.host.folder, "copy");
  expect(await backUpPool(entry, options, { folder })).toMatchObject({ folder, counts: { checkpoints: 3 } });
  expect(fs.existsSync(path.join(folder, "state/pool.sqlite"))).toBe(true);

  await first.call("server/stop", {});
  while (fs.existsSync(path.join(home, "state/lock")))
    await new Promise((resolve) => setTimeout(resolve, 20));
  for (const end of ["", "-wal", "-shm"])
    fs.rmSync(path.join(home, `state/pool.sqlite${end}`), { force: true });
  await expect(at.connect()).rejects.toThrow(/database is gone/);
  const { findings } = await checkPool(entry, options, asked);
  expect(findings).toMatchObject([{ where: "state/pool.sqlite" }]);
  const repaired = await checkPool(entry, options, { ...asked, repair: true });
  expect(repaired).toMatchObject({ findings: [], counts: { experiments: 1, checkpoints: 3 } });
  const again = await at.connect();
  await expect
    .poll(async () => (await again.call("experiment/list", {})).experiments[0]?.state)
    .toBe("completed");

  const given = new AbortController();
  const cancelled = checkPool(entry, options, { ...asked, signal: given.signal });
  given.abort(new Error("changed my mind"));
  await expect(cancelled).rejects.toThrow("changed my mind");
}, 180_000);
