/** Hosts that are strange and real: login shells, rc files, homes, disks and keys, each behind a real sshd. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { isRoot, NEEDS_ROOT } from "./accounts.ts";
import { temporaryFolder } from "../support.ts";
import { buildBundles, rig, trainAndRestore } from "./poolRig.ts";

beforeAll(buildBundles, 120_000);

describe.skipIf(!isRoot)(`login shells ${NEEDS_ROOT}`, () => {
  it.each(["/bin/csh", "/usr/bin/fish", "/bin/dash", "/bin/bash"])(
    "%s",
    async (shell) => {
      if (!fs.existsSync(shell)) throw new Error(`install ${path.basename(shell)}`);
      const at = await rig([], true, { shell });
      const connection = await at.connect();
      expect(connection.pool).toMatchObject({
        account: at.account?.name,
        folder: path.join(at.account?.home ?? "", ".trainyard"),
      });
      expect(fs.statSync(connection.pool.folder)).toMatchObject({ uid: at.account?.uid, mode: 0o40700 });
    },
    60_000,
  );

  it("none at all", async () => {
    const at = await rig([], true, { shell: "/usr/sbin/nologin" });
    await expect(at.connect()).rejects.toThrow(/does not run what is sent to it: This account/);
  }, 60_000);
});

describe.skipIf(!isRoot)(`rc files ${NEEDS_ROOT}`, () => {
  it.each([
    ["prints lines", "echo hello; echo '=trainyard'; echo problem >&2"],
    ["prints without a newline", "printf 'welcome to gpu1> '"],
    ["takes long", "sleep 2"],
    ["leaves options on", "set -o noclobber -o nounset; umask 000"],
  ])(
    "that %s",
    async (_name, text) => {
      const at = await rig([], true, { shell: "/bin/bash" });
      fs.writeFileSync(path.join(at.account?.home ?? "", ".bashrc"), `${text}\n`);
      const { pool } = await at.connect();
      expect(fs.statSync(pool.folder).mode & 0o077).toBe(0);
    },
    60_000,
  );

  it("that ends the session", async () => {
    const at = await rig([], true, { shell: "/bin/bash" });
    fs.writeFileSync(path.join(at.account?.home ?? "", ".bashrc"), "echo no entry here; exit 1\n");
    await expect(at.connect()).rejects.toMatchObject({
      message: expect.stringContaining("no entry here") as string,
      remedy: expect.stringContaining("start-up files") as string,
    });
  }, 60_000);
});

describe.skipIf(!isRoot)(`a pool folder ${NEEDS_ROOT}`, () => {
  it.each([
    ["on a disk that is read-only", "-o ro", /cannot be written/],
    ["where nothing may be run", "-o noexec", /may not be run \(noexec\)/],
    ["on a disk that is too small", "-o size=8m", /has 8 MB free; a pool needs at least/],
    ["on a disk without a file left", "-o size=1g,nr_inodes=3", /disk of gpu1 is full/],
  ])("%s", async (_name, options, words) => {
    const mount = `mkdir "$FOLDER/disk"; mount -t tmpfs ${options} none "$FOLDER/disk"`;
    const at = await rig([], true, { mount });
    const home = path.join(at.host.folder, "disk", "pool");
    await expect(at.connect({ home })).rejects.toMatchObject({
      message: expect.stringMatching(words) as string,
      remedy: expect.stringMatching(/give the pool a/i) as string,
    });
  });

  it("on a disk that fills while our program is sent", async () => {
    const mount = `mkdir "$FOLDER/disk"; mount -t tmpfs -o size=400m none "$FOLDER/disk"`;
    const at = await rig([], true, { mount });
    const home = path.join(at.host.folder, "disk", "pool");
    // It looks at an empty disk, and somebody else is faster.
    const failed = at.connect({ home, runtimePath: fillingNode(at.host.folder) });
    await expect(failed).rejects.toThrow(/disk of gpu1 is full/);
  }, 60_000);

  const FULL = {
    message: expect.stringMatching(
      /^gpu1: .*did not start: the disk or the quota of \S+ is full\.$/,
    ) as string,
    remedy: expect.stringContaining("Free some") as string,
  };
  const READ_ONLY = {
    message: expect.stringMatching(/^\S+ on gpu1 cannot be written\.$/) as string,
    remedy: expect.stringContaining("another folder") as string,
  };

  it.each([
    ["has become full", "head -c 1G /dev/zero > $POOL/full || true", FULL],
    ["has become read-only", "until mount -o remount,ro $DISK; do sleep 0.1; done", READ_ONLY],
  ])(
    "on a disk that %s since it was made",
    async (_name, change, said) => {
      const mount = `mkdir "$FOLDER/disk"; mount -t tmpfs -o size=400m none "$FOLDER/disk"`;
      const at = await rig([], true, { mount });
      const disk = path.join(at.host.folder, "disk");
      const home = path.join(disk, "pool");
      const connection = await at.connect({ home });
      await connection.call("server/stop", {});
      const inNamespace = (line: string): string =>
        execFileSync("nsenter", ["--mount", "--target", pidOf(at.host.folder), "sh", "-c", line], {
          env: { ...process.env, DISK: disk, POOL: home },
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        });
      await expect.poll(() => inNamespace('ls "$POOL/state"'), { timeout: 20_000 }).not.toMatch(/^lock$/m);
      inNamespace(change);
      await expect(at.connect({ home })).rejects.toMatchObject(said);
    },
    60_000,
  );

  it("that another account could have filled is not used", async () => {
    const at = await rig([], true, { shell: "/bin/sh" });
    const home = path.join(at.host.folder, "shared");
    const trap = path.join(at.host.folder, "sprung");
    fs.mkdirSync(path.join(home, "runtime"), { recursive: true });
    fs.writeFileSync(path.join(home, "node"), `#!/bin/sh\necho true; touch ${trap}\n`, { mode: 0o755 });
    fs.writeFileSync(path.join(home, "runtime", "chosen"), path.join(home, "node"));
    const refused = /belongs to another account, or others may write there/;
    await expect(at.connect({ home, runtimePath: null })).rejects.toThrow(refused);
    const uid = at.account?.uid ?? 0;
    fs.chownSync(home, uid, uid);
    for (const mode of [0o770, 0o707]) {
      fs.chmodSync(home, mode);
      await expect(at.connect({ home, runtimePath: null }), mode.toString(8)).rejects.toThrow(refused);
    }
    expect(fs.existsSync(trap)).toBe(false);
  }, 60_000);
});

const pidOf = (folder: string): string => fs.readFileSync(path.join(folder, "sshd.pid"), "utf8").trim();

/** A Node that fills the disk just before it runs for the second time: when our program is unpacked. */
function fillingNode(folder: string): string {
  const file = path.join(folder, "filling-node");
  const mark = path.join(folder, "ran-once");
  fs.writeFileSync(
    file,
    `#!/bin/sh
if [ -e ${mark} ]; then head -c 400m /dev/zero > ${folder}/disk/pool/full 2>/dev/null; fi
touch ${mark}
exec ${process.execPath} "$@"
`,
    { mode: 0o755 },
  );
  return file;
}

describe.skipIf(!isRoot)(`a host that lacks ${NEEDS_ROOT}`, () => {
  it.each(["python3", "git"])("%s", async (missing) => {
    const bin = temporaryFolder("bin");
    fs.chmodSync(path.dirname(bin), 0o755);
    for (const tool of ["sh", "cat", "base64", "uname", "getconf", "mkdir", "rm", "chmod", "df", "tail"])
      link(bin, tool);
    for (const tool of ["awk", "ls", "id", "python3", "git"]) if (tool !== missing) link(bin, tool);
    // The tests' own account may have an rc file that sets another PATH.
    const at = await rig([], true, { shell: "/bin/dash", environment: { PATH: bin } });
    await expect(at.connect()).rejects.toThrow(`gpu1 has no ${missing}.`);
  });
});

function link(bin: string, tool: string): void {
  const found = ["/usr/bin", "/bin"]
    .map((folder) => path.join(folder, tool))
    .find((file) => fs.existsSync(file));
  fs.symlinkSync(found ?? "", path.join(bin, tool));
}

describe("a server that allows little", () => {
  it("one session at a time, no SFTP", async () => {
    const at = await rig(["MaxSessions 1"]);
    await trainAndRestore(at, await at.connect());
  }, 60_000);

  it("one session at a time and no forwarding", async () => {
    const at = await rig(["MaxSessions 1", "AllowStreamLocalForwarding no"]);
    // The one session is the connection's: what wants a stream of its own is told so.
    const connection = await at.connect();
    await expect(trainAndRestore(at, connection)).rejects.toMatchObject({
      message: expect.stringContaining("one session more") as string,
      remedy: expect.stringContaining("MaxSessions") as string,
    });
  }, 60_000);
});
