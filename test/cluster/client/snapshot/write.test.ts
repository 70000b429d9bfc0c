import { createHash } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  confirmSize,
  leaveOut,
  linkPath,
  takeInAgain,
} from "../../../../src/cluster/client/snapshot/answers.ts";
import { planSnapshot } from "../../../../src/cluster/client/snapshot/plan.ts";
import { RESTORED_MARKER } from "../../../../src/cluster/client/snapshot/restored.ts";
import {
  git,
  homeFolder,
  namesOf,
  put,
  readTree,
  repository,
  snapshotter,
  temporaryFolder,
  written,
} from "../support.ts";

const CRLF = "a = 1\r\nb = 2\r\n";

describe("exact bytes", () => {
  it("keeps line endings, whatever autocrlf and .gitattributes say", async () => {
    const folder = repository({
      ".gitattributes": "* text=auto eol=lf\n*.txt text eol=crlf\nident.py ident\n",
      "unix.txt": "a\nb\n",
    });
    git(folder, "config", "core.autocrlf", "true");
    put(folder, { "windows.py": CRLF, "ident.py": "# $Id: somewhere $\n", "mixed.txt": "a\r\nb\n" });
    const tree = readTree(await snapshotter(folder).take());
    expect(tree.get("windows.py")?.bytes.toString()).toBe(CRLF);
    expect(tree.get("mixed.txt")?.bytes.toString()).toBe("a\r\nb\n");
    expect(tree.get("unix.txt")?.bytes.toString()).toBe(readFileSync(path.join(folder, "unix.txt"), "utf8"));
    expect(tree.get("ident.py")?.bytes.toString()).toBe("# $Id: somewhere $\n");
  });

  it("runs no filter of the person (LFS and such)", async () => {
    const folder = repository({ "code.py": "x = 1\n" });
    const trace = path.join(temporaryFolder(), "ran");
    for (const kind of ["clean", "smudge"])
      git(folder, "config", `filter.lfs.${kind}`, `touch ${trace}; tr a-z A-Z`);
    git(folder, "config", "filter.lfs.process", `touch ${trace}; false`);
    put(folder, { ".gitattributes": "*.bin filter=lfs\n", "weights.bin": "raw bytes" });
    const tree = readTree(await snapshotter(folder).take());
    expect(tree.get("weights.bin")?.bytes.toString()).toBe("raw bytes");
    expect(() => statSync(trace)).toThrow();
  });

  it("tells whether a file of Git LFS is modified by its pointer, and runs no filter, hook or driver for it", async () => {
    const folder = repository({
      ".gitattributes": "*.bin filter=lfs diff=lfs -text\n",
      "code.py": "x = 1\n",
    });
    const content = "the weights, as they are on disk";
    const oid = createHash("sha256").update(content).digest("hex");
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
    put(folder, { "weights.bin": pointer });
    git(folder, "add", "-A");
    git(folder, "commit", "-q", "-m", "a pointer, as LFS commits it");
    const trace = path.join(temporaryFolder(), "ran");
    for (const key of [
      "filter.lfs.clean",
      "filter.lfs.smudge",
      "filter.lfs.process",
      "diff.lfs.command",
      "diff.lfs.textconv",
      "core.fsmonitor",
    ])
      git(folder, "config", key, `touch ${trace}; cat`);
    git(folder, "config", "filter.lfs.required", "true");
    for (const hook of ["post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman"])
      writeFileSync(path.join(folder, ".git/hooks", hook), `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
    put(folder, { "weights.bin": content });
    const { take } = snapshotter(folder);
    const same = await take();
    expect(readTree(same).get("weights.bin")?.bytes.toString()).toBe(content);
    expect(same.info.head?.modified).toBe(false);
    put(folder, { "weights.bin": `${content}, trained on` });
    expect((await take()).info.head?.modified).toBe(true);
    expect(() => statSync(trace)).toThrow();
  });

  it("converts no encoding", async () => {
    const folder = repository();
    const utf16 = Buffer.from("\ufeffx = 1\n", "utf16le");
    put(folder, { ".gitattributes": "*.py working-tree-encoding=UTF-16\n", "wide.py": utf16 });
    expect(readTree(await snapshotter(folder).take()).get("wide.py")?.bytes).toEqual(utf16);
  });

  it("keeps executable bits, links and empty files", async () => {
    const folder = repository({ "run.sh": "#!/bin/sh\n", "plain.py": "", "target/file": "t" });
    chmodSync(path.join(folder, "run.sh"), 0o755);
    symlinkSync("target/file", path.join(folder, "link"));
    symlinkSync("/nowhere/at/all", path.join(folder, "dangling"));
    symlinkSync("target", path.join(folder, "folder-link"));
    const tree = readTree(await snapshotter(folder).take());
    expect(tree.get("run.sh")?.mode).toBe("100755");
    expect(tree.get("plain.py")).toEqual({ mode: "100644", bytes: Buffer.alloc(0) });
    expect(tree.get("link")).toEqual({ mode: "120000", bytes: Buffer.from("target/file") });
    expect(tree.get("dangling")?.bytes.toString()).toBe("/nowhere/at/all");
    expect(tree.get("folder-link")?.mode).toBe("120000");
  });

  it("takes names that are unusual: line breaks, quotes, UTF-8, bytes that are not, leading dashes", async () => {
    const folder = repository();
    const latin1 = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from(".py")]);
    writeFileSync(latin1, "latin1");
    put(folder, {
      "new\nline.py": "n",
      'quo"te.py': "q",
      "größe.py": "u",
      "-x": "d",
      "tab\there": "t",
      " lead": "s",
    });
    put(folder, { ":(glob)**": "magic", "[a].py": "class", "back\\slash.py": "b" });
    const snapshot = await snapshotter(folder).take();
    const tree = readTree(snapshot);
    expect(tree.get("caf\u00e9.py")?.bytes.toString()).toBe("latin1");
    expect(tree.get("new\nline.py")?.bytes.toString()).toBe("n");
    expect(tree.get(Buffer.from("größe.py").toString("latin1"))?.bytes.toString()).toBe("u");
    for (const name of ['quo"te.py', "-x", "tab\there", " lead", ":(glob)**", "[a].py", "back\\slash.py"])
      expect(tree.has(name), name).toBe(true);
    expect(snapshot.info.leftOut).toEqual([]);
    expect(snapshot.info.files).toBe(tree.size);
  });

  it("has the sizes right", async () => {
    const folder = repository({ "a.py": "12345", "sub/b.py": "123" });
    const { info } = await snapshotter(folder).take();
    expect(info).toMatchObject({ files: 2, bytes: 8, root: folder, linked: [], leftOut: [] });
  });
});

describe("what is in it", () => {
  it("tracked, modified and untracked files as they are on disk; deleted ones not", async () => {
    const folder = repository({ "kept.py": "old", "gone.py": "x", "staged-away.py": "x" });
    put(folder, { "kept.py": "new", "untracked.py": "u", "staged.py": "first" });
    git(folder, "add", "staged.py");
    put(folder, { "staged.py": "second" });
    rmSync(path.join(folder, "gone.py"));
    git(folder, "rm", "-q", "--cached", "staged-away.py");
    put(folder, { "added-then-deleted.py": "x" });
    git(folder, "add", "added-then-deleted.py");
    rmSync(path.join(folder, "added-then-deleted.py"));
    const tree = readTree(await snapshotter(folder).take());
    expect([...tree.keys()].sort()).toEqual(["kept.py", "staged-away.py", "staged.py", "untracked.py"]);
    expect(tree.get("kept.py")?.bytes.toString()).toBe("new");
    expect(tree.get("staged.py")?.bytes.toString()).toBe("second");
  });

  it("counts every ignore rule that the person has, and takes ignored files that are tracked", async () => {
    const folder = repository();
    const globalIgnore = path.join(homeFolder, "my-ignore");
    writeFileSync(globalIgnore, "*.global\n");
    git(folder, "config", "core.excludesFile", "~/my-ignore");
    put(folder, {
      ".gitignore": "*.log\n!keep.log\n/build/\n",
      ".git/info/exclude": "*.private\n",
      "sub/.gitignore": "inner\n",
      "a.log": "x",
      "keep.log": "x",
      "tracked.log": "x",
      "build/out": "x",
      "sub/inner": "x",
      "sub/build/in": "x",
      "n.global": "x",
      "n.private": "x",
    });
    git(folder, "add", "-f", "tracked.log");
    const snapshot = await snapshotter(folder).take();
    expect(namesOf(snapshot)).toEqual([
      ".gitignore",
      "keep.log",
      "sub/.gitignore",
      "sub/build/in",
      "tracked.log",
    ]);
    const reasons = Object.fromEntries(snapshot.info.leftOut.map((left) => [left.path, left.reason]));
    expect(snapshot.info.leftOut.every((left) => left.linkable)).toBe(true);
    expect(reasons["a.log"]).toBe("ignored by .gitignore:1 (*.log)");
    expect(reasons.build).toBe("ignored by .gitignore:3 (/build/)");
    expect(reasons["n.private"]).toBe("ignored by .git/info/exclude:1 (*.private)");
    expect(reasons["n.global"]).toContain("my-ignore:1 (*.global)");
    expect(reasons).not.toHaveProperty("keep.log");
  });

  it("forgets what becomes ignored and takes what no longer is", async () => {
    const folder = repository({ ".gitignore": "b.py\n", "a.py": "a", "b.py": "b" });
    const { take } = snapshotter(folder);
    expect(namesOf(await take())).toEqual([".gitignore", "a.py"]);
    put(folder, { ".gitignore": "a.py\n" });
    git(folder, "rm", "-q", "--cached", "a.py");
    expect(namesOf(await take())).toEqual([".gitignore", "b.py"]);
    put(folder, { ".git/info/exclude": "b.py\n" });
    expect(namesOf(await take())).toEqual([".gitignore"]);
    git(folder, "add", "-f", "b.py");
    expect(namesOf(await take())).toEqual([".gitignore", "b.py"]);
    git(folder, "rm", "-q", "--cached", "b.py");
    expect(namesOf(await take())).toEqual([".gitignore"]);
  });

  it("takes nested repositories and submodules as ordinary folders, with their own rules", async () => {
    const library = repository({ "lib.py": "l", "lib.log": "x" });
    const folder = repository({ "main.py": "m" });
    git(folder, "-c", "protocol.file.allow=always", "submodule", "add", "-q", library, "module");
    put(folder, { "clone/": "" });
    git(path.join(folder, "clone"), "init", "-q");
    put(folder, {
      "clone/tracked.log": "t",
      "clone/.gitignore": "*.log\n",
      "clone/.git/info/exclude": "private\n",
      "clone/new.py": "n",
      "clone/other.log": "x",
      "clone/private": "x",
      "module/new.py": "n",
    });
    git(path.join(folder, "clone"), "add", "-f", "tracked.log");
    git(path.join(folder, "clone"), "init", "-q", "inner");
    put(folder, { "clone/inner/deep.py": "d" });
    const { take } = snapshotter(folder);
    const expected = [
      ".gitmodules",
      "clone/.gitignore",
      "clone/inner/deep.py",
      "clone/new.py",
      "clone/tracked.log",
      "main.py",
      "module/lib.log",
      "module/lib.py",
      "module/new.py",
    ];
    expect(namesOf(await take())).toEqual(expected);
    put(folder, { "clone/later.py": "l", "clone/later.log": "x", "clone/private": "y" });
    rmSync(path.join(folder, "module/new.py"));
    const now = [...expected.filter((name) => name !== "module/new.py"), "clone/later.py"].sort();
    expect(namesOf(await take())).toEqual(now);
  });

  it("never holds what was restored from a pool, even when it was added to git", async () => {
    const restored = { [RESTORED_MARKER]: "{}", "model.pt": "weights" };
    const folder = repository({ "train.py": "x" });
    const into = (name: string): Record<string, string> =>
      Object.fromEntries(Object.entries(restored).map(([file, text]) => [`${name}/${file}`, text]));
    put(folder, { ...into("checkpoints/1-1-step3"), "checkpoints/1-1-step3/.gitignore": "*\n" });
    put(folder, into("without-ignore/deep"));
    put(folder, { ...into("forced"), "forced/.gitignore": "*\n" });
    git(folder, "add", "-f", "forced/model.pt");
    expect(namesOf(await snapshotter(folder).take())).toEqual(["train.py"]);
  });

  it("works without git, below the root of a repository, and in one without a commit", async () => {
    const bare = temporaryFolder("plain");
    put(bare, { "train.py": "x", ".gitignore": "*.pt\n", "model.pt": "w", "__pycache__/train.pyc": "c" });
    const plain = await snapshotter(bare).take();
    expect(namesOf(plain)).toEqual([".gitignore", "train.py"]);
    expect(plain.info.head).toBeNull();
    expect(readdirSync(bare)).not.toContain(".git");

    const folder = repository({ "lib/util.py": "u", "work/train.py": "t" });
    const plan = await planSnapshot({ folder: path.join(folder, "work"), stateFolder: temporaryFolder() });
    expect(plan).toMatchObject({ root: folder, directory: "work", files: 2 });

    const unborn = temporaryFolder();
    git(unborn, "init", "-q");
    put(unborn, { "train.py": "x" });
    expect((await snapshotter(unborn).take()).info).toMatchObject({ files: 1, head: null });
  });

  it("takes an empty folder", async () => {
    expect((await snapshotter(temporaryFolder()).take()).info).toMatchObject({ files: 0, bytes: 0 });
  });

  it("leaves Python environments at the top behind", async () => {
    const folder = temporaryFolder();
    put(folder, { "train.py": "x", "env/pyvenv.cfg": "home = /usr\n", "env/lib/site.py": "x" });
    const snapshot = await snapshotter(folder).take();
    expect(namesOf(snapshot)).toEqual(["train.py"]);
    expect(snapshot.info.leftOut).toEqual([
      { path: "env", reason: "a Python environment", bytes: null, linkable: false, sendable: false },
    ]);
  });
});

describe("again and again", () => {
  it("gives the same tree for the same bytes, and follows files, folders and links that change places", async () => {
    const folder = repository({ "a.py": "1", "pkg/mod.py": "m", "pkg/other.py": "o" });
    const { take } = snapshotter(folder);
    const first = await take();
    expect((await take()).info.tree).toBe(first.info.tree);
    expect(first.info.tree).toBe(git(folder, "rev-parse", "HEAD^{tree}").trim());

    rmSync(path.join(folder, "pkg"), { recursive: true });
    put(folder, { elsewhere: "", pkg: "now a file" });
    expect(namesOf(await take())).toEqual(["a.py", "elsewhere", "pkg"]);

    rmSync(path.join(folder, "elsewhere"));
    put(folder, { "elsewhere/mod.py": "m2" });
    rmSync(path.join(folder, "pkg"));
    put(folder, { "pkg/mod.py": "m" });
    expect(namesOf(await take())).toEqual(["a.py", "elsewhere/mod.py", "pkg/mod.py"]);

    rmSync(path.join(folder, "pkg"), { recursive: true });
    symlinkSync("elsewhere", path.join(folder, "pkg"));
    const linked = readTree(await take());
    expect([...linked.keys()].sort()).toEqual(["a.py", "elsewhere/mod.py", "pkg"]);
    expect(linked.get("pkg")?.mode).toBe("120000");
  });

  it("sees a change of the same size at once", async () => {
    const folder = repository({ "a.py": "lr = 1" });
    const { take } = snapshotter(folder);
    for (let number = 2; number < 8; number++) {
      put(folder, { "a.py": `lr = ${number}` });
      expect(
        readTree(await take())
          .get("a.py")
          ?.bytes.toString(),
      ).toBe(`lr = ${number}`);
    }
  });

  it("is as of the write when the person took time to answer", async () => {
    const folder = repository({ "a.py": "before" });
    const stateFolder = temporaryFolder();
    const plan = await planSnapshot({ folder, stateFolder });
    put(folder, { "a.py": "after", "b.py": "new" });
    plan.work.plannedAt -= 60_000;
    const tree = readTree(await written(plan));
    expect(tree.get("a.py")?.bytes.toString()).toBe("after");
    expect(tree.has("b.py")).toBe(true);
  });

  it("survives a file that vanishes and one that changes between plan and write", async () => {
    const folder = repository({ "a.py": "1" });
    const stateFolder = temporaryFolder();
    put(folder, { "vanishes.py": "v", "changes.py": "first" });
    const plan = await planSnapshot({ folder, stateFolder });
    rmSync(path.join(folder, "vanishes.py"));
    put(folder, { "changes.py": "second, longer" });
    const snapshot = await written(plan);
    expect(namesOf(snapshot)).toEqual(["a.py", "changes.py"]);
    expect(readTree(snapshot).get("changes.py")?.bytes.toString()).toBe("second, longer");
    expect(snapshot.info.files).toBe(2);
  });

  it("rebuilds its private repository when that is damaged", async () => {
    const folder = repository({ "a.py": "1", "b/c.py": "2" });
    const { take } = snapshotter(folder);
    const first = await take();
    const { repository: shadow } = first.plan.work.places;
    writeFileSync(path.join(shadow, "index"), "garbage");
    expect((await take()).info.tree).toBe(first.info.tree);
    rmSync(path.join(shadow, "objects"), { recursive: true });
    mkdirSync(path.join(shadow, "objects"));
    put(folder, { "b/d.py": "3" });
    expect(namesOf(await take())).toEqual(["a.py", "b/c.py", "b/d.py"]);
  });

  it("serves several at once", async () => {
    const folder = repository({ "a.py": "1" });
    const { take } = snapshotter(folder);
    const trees = await Promise.all([take(), take(), take(), take()]);
    expect(new Set(trees.map((snapshot) => snapshot.info.tree)).size).toBe(1);
  });

  it("writes nothing into the person's repository", async () => {
    const folder = repository({ "a.py": "1", ".gitattributes": "* text=auto\n" });
    put(folder, { "a.py": "2\r\n", "new.py": "n" });
    const state = (): string => {
      const files = execFileSync("find", [".git", "-type", "f"], { cwd: folder, encoding: "utf8" })
        .trim()
        .split("\n")
        .sort();
      const hash = createHash("sha256");
      for (const file of files) hash.update(file).update(readFileSync(path.join(folder, file)));
      return hash.digest("hex");
    };
    const before = state();
    await snapshotter(folder).take();
    expect(state()).toBe(before);
  });
});

describe("head", () => {
  it("says commit and branch, and whether the folder differs by git's own rules", async () => {
    const folder = repository({
      "a.py": "1",
      ".gitattributes": "*.txt text eol=crlf\n",
      "t.txt": "a\r\nb\r\n",
    });
    const { take } = snapshotter(folder);
    const commit = git(folder, "rev-parse", "HEAD").trim();
    // The blob of t.txt has other line endings than the file: different bytes, not modified.
    expect((await take()).info.head).toEqual({ commit, branch: "main", modified: false });
    put(folder, { "a.py": "2" });
    expect((await take()).info.head?.modified).toBe(true);
    git(folder, "checkout", "-q", "a.py");
    put(folder, { "new.py": "n" });
    expect((await take()).info.head?.modified).toBe(true);
    rmSync(path.join(folder, "new.py"));
    git(folder, "checkout", "-q", "--detach");
    expect((await take()).info.head).toEqual({ commit, branch: null, modified: false });
  });

  it("works in a linked worktree", async () => {
    const folder = repository({ "a.py": "1" });
    const other = path.join(path.dirname(folder), "linked");
    git(folder, "worktree", "add", "-q", "-b", "topic", other);
    put(other, { "a.py": "2" });
    const { info } = await snapshotter(other).take();
    expect(info).toMatchObject({ root: other, files: 1, head: { branch: "topic", modified: true } });
  });
});

describe("unusual repositories", () => {
  it("takes a sparse checkout as it is on disk, says so, and does not call it modified", async () => {
    const folder = repository({ "src/a.py": "1", "data/b.py": "2", "top.py": "3" });
    git(folder, "sparse-checkout", "set", "src");
    const taken = await snapshotter(folder).take();
    expect(namesOf(taken)).toEqual(["src/a.py", "top.py"]);
    expect(taken.info.head?.modified).toBe(false);
    expect(taken.notes.join()).toContain("The checkout is sparse");
    put(folder, { "src/a.py": "changed" });
    expect((await snapshotter(folder).take()).info.head?.modified).toBe(true);
  });

  it("has its git folder elsewhere, or is one itself", async () => {
    const folder = temporaryFolder("work");
    const elsewhere = path.join(path.dirname(folder), "elsewhere.git");
    git(folder, "init", "-q", `--separate-git-dir=${elsewhere}`);
    put(folder, { "a.py": "1" });
    git(folder, "add", "-A");
    git(folder, "commit", "-q", "-m", "first");
    const { info } = await snapshotter(folder).take();
    expect(info).toMatchObject({ root: folder, files: 1, head: { branch: "main", modified: false } });
    const bare = temporaryFolder("bare.git");
    git(bare, "init", "-q", "--bare");
    put(bare, { "train.py": "x" });
    const taken = await snapshotter(bare).take();
    expect(namesOf(taken)).toContain("train.py");
    expect(taken.info.head).toBeNull();
  });

  it("is not led astray by the variables of a git around the editor, or of a home kept in a bare repository", async () => {
    const folder = repository({ "a.py": "1" });
    const bare = temporaryFolder("dotfiles.git");
    git(bare, "init", "-q", "--bare");
    const variables = {
      GIT_DIR: bare,
      GIT_WORK_TREE: homeFolder,
      GIT_INDEX_FILE: path.join(bare, "other-index"),
      GIT_OBJECT_DIRECTORY: path.join(bare, "objects"),
    };
    Object.assign(process.env, variables);
    try {
      const taken = await snapshotter(folder).take();
      expect(taken.info).toMatchObject({ root: folder, files: 1, head: { branch: "main", modified: false } });
    } finally {
      for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
    }
    expect(readdirSync(path.join(bare, "objects")).sort()).toEqual(["info", "pack"]);
  });

  it("has names that differ in their case alone: both are files of their own", async () => {
    const folder = repository({ "Model.py": "upper", "model.py": "lower", "DATA/x": "1", "data/x": "2" });
    const tree = readTree(await snapshotter(folder).take());
    expect(tree.get("Model.py")?.bytes.toString()).toBe("upper");
    expect(tree.get("model.py")?.bytes.toString()).toBe("lower");
    expect([...tree.keys()].sort()).toEqual(["DATA/x", "Model.py", "data/x", "model.py"]);
  });

  it("lacks objects of a partial clone: nothing is fetched for a look at them", async () => {
    const origin = repository({ "a.py": "1", "b.py": "2" });
    git(origin, "config", "uploadpack.allowFilter", "true");
    const folder = path.join(temporaryFolder(), "clone");
    git(path.dirname(folder), "clone", "-q", "--filter=blob:none", `file://${origin}`, folder);
    put(folder, { "a.py": "changed" });
    rmSync(origin, { recursive: true });
    const taken = await snapshotter(folder).take();
    expect(namesOf(taken)).toEqual(["a.py", "b.py"]);
    expect(taken.info.head?.modified).toBe(true);
  });
});

describe("links", () => {
  it("links data folders that git ignores, and paths of the configuration; the rest is listed", async () => {
    const folder = repository({ ".gitignore": "data/\n/datasets\nruns/\nstore/\n*.npz\n", "train.py": "x" });
    put(folder, { "data/a": "1", "datasets/b": "2", "runs/c": "3", "store/deep/d": "4", "x.npz": "5" });
    const { take } = snapshotter(folder);
    const { info } = await take({
      dataPaths: ["store/deep", "../outside", "/etc", "missing", "s3://bucket/x"],
    });
    expect(info.linked.map(({ path: name, target }) => [name, target])).toEqual([
      ["store/deep", path.join(folder, "store/deep")],
      ["data", path.join(folder, "data")],
      ["datasets", path.join(folder, "datasets")],
    ]);
    expect(info.linked[0]?.reason).toBe(
      "named under data: in the configuration; ignored by .gitignore:4 (store/)",
    );
    expect(info.leftOut.map(({ path: name }) => name)).toEqual(["runs", "store", "x.npz"]);
    expect((await take({ linkable: false })).info.linked).toEqual([]);
  });

  it("links around files that are tracked inside", async () => {
    const folder = repository({ ".gitignore": "data/*\n!data/.gitkeep\n", "data/.gitkeep": "" });
    put(folder, { "data/mnist/x": "1", "data/cifar": "2" });
    const { take } = snapshotter(folder);
    expect((await take()).info.linked.map((link) => link.path)).toEqual(["data/cifar", "data/mnist"]);

    const other = repository({ ".gitignore": "data/\n" });
    put(other, { "data/.gitkeep": "", "data/mnist/x": "1" });
    git(other, "add", "-f", "data/.gitkeep");
    const { info } = await snapshotter(other).take();
    expect(info.linked.map((link) => link.path)).toEqual(["data/mnist"]);
    expect(info.files).toBe(2);
  });

  it("links a data folder that is a link itself, whatever is named behind it", async () => {
    const folder = repository({ ".gitignore": "data\nstore\n", "train.py": "x" });
    const disk = temporaryFolder("disk");
    put(disk, { "mnist/x": "1" });
    symlinkSync(disk, path.join(folder, "data"));
    symlinkSync(disk, path.join(folder, "store"));
    const { info } = await snapshotter(folder).take({ dataPaths: ["store/mnist"] });
    expect(info.linked.map(({ path: name, target }) => [name, target])).toEqual([
      ["store", disk],
      ["data", disk],
    ]);
  });

  it("looks at the folder where the run starts as at the root", async () => {
    const root = repository({ ".gitignore": "data/\n*.npz\n", "project/train.py": "x" });
    put(root, {
      "project/data/a": "1",
      "project/x.npz": "2",
      "project/env/pyvenv.cfg": "",
      "other/data/b": "3",
    });
    const folder = path.join(root, "project");
    const { info } = await snapshotter(folder).take();
    expect(info.linked.map((link) => link.path)).toEqual(["project/data"]);
    expect(info.leftOut.map(({ path: name, reason }) => [name, reason])).toEqual([
      ["project/env", "a Python environment"],
      ["project/x.npz", "ignored by .gitignore:2 (*.npz)"],
      ["other/data", "ignored by .gitignore:1 (data/)"],
    ]);
  });

  it("shows whatever stays behind, however deep, once", async () => {
    const folder = repository({ ".gitignore": "*.npz\n__pycache__/\nbuild/\n", "src/train.py": "x" });
    put(folder, {
      "src/assets/logo": "1",
      "src/lib/weights.npz": "2",
      "src/lib/__pycache__/a.pyc": "3",
      "src/lib/build/in.npz": "4",
      "checkpoints/1-1-step3/.gitignore": "*\n",
      [`checkpoints/1-1-step3/${RESTORED_MARKER}`]: "{}",
      "checkpoints/1-1-step3/model/w": "5",
      [`own-rules/${RESTORED_MARKER}`]: "{}",
      "own-rules/.gitignore": "w\n",
      "own-rules/w": "6",
      "kept.npz": "7",
    });
    git(folder, "add", "-f", "kept.npz");
    const { take } = snapshotter(folder);
    await leaveOut((await take()).plan, "src/assets");
    const { info, plan } = await take();
    const shown = Object.fromEntries(info.leftOut.map(({ path: name, reason }) => [name, reason]));
    expect(shown).toEqual({
      "src/assets": "left out by you",
      "src/lib/weights.npz": "ignored by .gitignore:1 (*.npz)",
      "src/lib/build": "ignored by .gitignore:3 (build/)",
      "checkpoints/1-1-step3": "restored from a pool",
      "own-rules": "restored from a pool",
    });
    await takeInAgain(plan, "src/assets");
    await linkPath(plan, "src/lib/weights.npz");
    const third = await take();
    expect(namesOf(third)).toContain("src/assets/logo");
    expect(third.info.linked.map((link) => link.path)).toEqual(["src/lib/weights.npz"]);
  });

  it("says that there is more when far too much is ignored to list it", async () => {
    const folder = repository({ ".gitignore": "*.jpg\n", "images/index.csv": "x" });
    for (let number = 0; number < 2100; number++) put(folder, { [`images/${number}.jpg`]: "" });
    put(folder, { "top.jpg": "" });
    const { leftOut } = (await snapshotter(folder).take()).info;
    expect(leftOut.map((one) => one.path)).toContain("top.jpg");
    expect(leftOut.at(-1)).toMatchObject({ path: "..." });
  });

  it("remembers what a person links and leaves out", async () => {
    const folder = repository({ ".gitignore": "weights\n", "train.py": "x", "big/blob": "b" });
    put(folder, { "weights/w": "1" });
    const { take } = snapshotter(folder);
    const first = await take();
    await linkPath(first.plan, "weights");
    await leaveOut(first.plan, "big");
    const second = await take();
    expect(second.info.linked.map((link) => link.path)).toEqual(["weights"]);
    expect(namesOf(second)).toEqual([".gitignore", "train.py"]);
    expect(second.info.leftOut).toEqual([
      { path: "big", reason: "left out by you", bytes: null, linkable: false, sendable: true },
    ]);
  });
});

describe("sizes that are asked about", () => {
  it("asks above 10,000 files, remembers the answer, and asks again when it doubles", async () => {
    const folder = temporaryFolder();
    const fill = (from: number, to: number): void => {
      for (let number = from; number < to; number++) put(folder, { [`d${number % 50}/${number}`]: "" });
    };
    const stateFolder = temporaryFolder();
    const plan = (): ReturnType<typeof planSnapshot> => planSnapshot({ folder, stateFolder });
    fill(0, 10_000);
    expect((await plan()).needsConfirmation).toBeNull();
    fill(10_000, 10_001);
    const asked = await plan();
    expect(asked.needsConfirmation).toEqual({ files: 10_001, bytes: 0, answered: null });
    await confirmSize(asked);
    fill(10_001, 15_000);
    expect((await plan()).needsConfirmation).toBeNull();
    fill(15_000, 20_002);
    expect((await plan()).needsConfirmation).toMatchObject({ files: 20_002, answered: { files: 10_001 } });
  }, 60_000);
});

describe.skipIf(process.getuid?.() !== 0)("what cannot be read (as an ordinary account)", () => {
  it("is listed with the reason; the rest is taken; what becomes unreadable is not kept", () => {
    const folder = temporaryFolder();
    put(folder, { "train.py": "x", "secret.key": "s", "closed/in.py": "i", "later.py": "l" });
    const base = path.dirname(folder);
    const state = path.join(base, "state");
    mkdirSync(state);
    for (const place of [
      base,
      state,
      folder,
      ...["train.py", "secret.key", "closed", "closed/in.py", "later.py"].map((name) =>
        path.join(folder, name),
      ),
    ])
      chownSync(place, 65534, 65534);
    chmodSync(path.join(folder, "secret.key"), 0o000);
    chmodSync(path.join(folder, "closed"), 0o000);
    const snapshot = (): { leftOut: { path: string; reason: string }[]; names: string } => {
      const script = path.join(import.meta.dirname, "../fixtures/snapshotOnce.ts");
      const ran = spawnSync(
        process.execPath,
        ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", script, folder, state],
        {
          uid: 65534,
          gid: 65534,
          encoding: "utf8",
          env: { PATH: process.env.PATH, HOME: state },
        },
      );
      expect(ran.stderr).toBe("");
      return JSON.parse(ran.stdout) as ReturnType<typeof snapshot>;
    };
    const first = snapshot();
    expect(first.names.trim().split("\n")).toEqual(["later.py", "train.py"]);
    expect(first.leftOut.map((left) => [left.path, left.reason])).toEqual([
      ["closed", "cannot be read: Permission denied"],
      ["secret.key", "cannot be read: permission denied"],
    ]);
    chmodSync(path.join(folder, "later.py"), 0o000);
    expect(snapshot().names.trim().split("\n")).toEqual(["train.py"]);
  });
});
