import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OpenDocument } from "../../../../src/extension/language-server/server/documents.ts";
import { namedScripts } from "../../../../src/extension/language-server/server/pairs/entrypoint.ts";
import { NO_STATE, Workspace } from "../../../../src/extension/language-server/server/workspace.ts";
import { useGrammar } from "../rig.ts";

let top: string;
let workspace: Workspace;
beforeEach(() => {
  useGrammar();
  top = mkdtempSync(path.join(os.tmpdir(), "trainyard-pairs-"));
  workspace = new Workspace({ get: () => undefined, all: () => [] }, () => Promise.resolve(null as never));
  workspace.state = { ...NO_STATE, folders: [top] };
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function write(name: string, text = ""): string {
  const file = path.join(top, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
async function read(file: string): Promise<OpenDocument> {
  const document = await workspace.document(file);
  if (document === null) throw new Error(`no ${file}`);
  return document;
}
const scriptsOf = async (file: string): Promise<string[]> =>
  (await workspace.pairs.scriptsOf(await read(file))).map((one) => path.relative(top, one));
const filesOf = async (file: string): Promise<string[]> =>
  (await workspace.pairs.linkOf(await read(file))).files.map((one) => path.relative(top, one.path));

describe("what an entrypoint names", () => {
  it.each<[unknown, string[]]>([
    ["python train.py --lr 1", ["train.py"]],
    ["python3 -u pkg/train.py", ["pkg/train.py"]],
    ["torchrun --nproc_per_node=2 train.py", ["train.py"]],
    ["python -m pkg.train", ["pkg/train.py", "pkg/train/__main__.py"]],
    [
      ["python", "-m", "pkg.train"],
      ["pkg/train.py", "pkg/train/__main__.py"],
    ],
    ["model_def:Digits", ["model_def.py", "model_def/__init__.py"]],
    [
      "python -m determined.launch.torch_distributed train.py",
      [
        "determined/launch/torch_distributed.py",
        "determined/launch/torch_distributed/__main__.py",
        "train.py",
      ],
    ],
    ["python -m determined.exec.harness --train-entrypoint a.b:T", ["a/b.py", "a/b/__init__.py"]],
    ["cd sub && python train.py", ["train.py", "sub/train.py"]],
    [["python", "my train.py"], ["my train.py"]],
    ["./run.sh", []],
    [null, []],
    [{ a: 1 }, []],
  ])("%j", (entrypoint, expected) => {
    expect(namedScripts(entrypoint).flat()).toEqual(expect.arrayContaining(expected));
    if (expected.length === 0) expect(namedScripts(entrypoint)).toEqual([]);
  });
});

describe("the scripts of an experiment file", () => {
  it("are those of its entrypoint, seen from the workspace's folder, else from its own", async () => {
    write("sub/train.py");
    write("sub/other.py");
    const file = write("sub/a.yaml", "searcher: {}\nentrypoint: python train.py\n");
    expect(await scriptsOf(file)).toEqual(["sub/train.py"]);
    write("train.py");
    expect(await scriptsOf(file)).toEqual(["train.py"]);
  });

  it("are none outside of the folder", async () => {
    const file = write("sub/a.yaml", "searcher: {}\nentrypoint: python ../../x.py\n");
    writeFileSync(path.join(top, "x.py"), "");
    workspace.state = { ...NO_STATE, folders: [path.join(top, "sub")] };
    expect(await scriptsOf(file)).toEqual([]);
  });

  it("are what was submitted with it, else the one beside it", async () => {
    write("a.py");
    const file = write("train.yaml", "searcher: {}\n");
    expect(await scriptsOf(file)).toEqual(["a.py"]);
    write("b.py");
    expect(await scriptsOf(file)).toEqual([]);
    write("train.py");
    expect(await scriptsOf(file)).toEqual(["train.py"]);
    const submitted = [{ script: path.join(top, "b.py"), configuration: file }];
    workspace.state = { ...NO_STATE, folders: [top], submitted };
    expect(await scriptsOf(file)).toEqual(["b.py"]);
  });
});

describe("the files of an experiment", () => {
  it("are its scripts and the modules of the workspace that they import, without what is installed", async () => {
    write(
      "train.py",
      "import os, torch\nfrom lib import model as m\nfrom lib.data import load\nimport far.away\n",
    );
    write("lib/__init__.py");
    write("lib/model.py", "from . import layers\nfrom .layers import x\nfrom ..top import y\n");
    write("lib/layers.py", "import train\n");
    write("lib/data.py");
    write("top.py");
    write("unused.py");
    expect(await filesOf(write("train.yaml", "searcher: {}\n"))).toEqual([
      "train.py",
      "lib/__init__.py",
      "lib/model.py",
      "lib/data.py",
      "lib/layers.py",
      "top.py",
    ]);
  });

  it("are not read without end", async () => {
    for (let i = 0; i < 60; i++) write(`m${i}.py`, `import m${i + 1}\n`);
    write("train.py", "import m0\n");
    const link = await workspace.pairs.linkOf(await read(write("train.yaml", "searcher: {}\n")));
    expect(link).toMatchObject({ isWhole: false });
    expect(link.files).toHaveLength(50);
  });

  it("leads back from a module to the experiments that import it", async () => {
    write("train.py", "from lib.model import build\n");
    const module = write("lib/model.py");
    const [a, b] = [
      write("train.yaml", "searcher: {}\n"),
      write("a.yaml", "searcher: {}\nentrypoint: python train.py"),
    ];
    write("docker-compose.yaml", "services: {}\n");
    const links = await workspace.pairs.linksOf(await read(module));
    expect(links.map(({ experiment }) => experiment.path).sort()).toEqual([b, a].sort());
  });

  it("are those of each folder of the workspace by themselves", async () => {
    for (const name of ["one", "two"]) {
      write(`${name}/train.py`, "import helper\n");
      write(`${name}/helper.py`);
    }
    workspace.state = { ...NO_STATE, folders: [path.join(top, "one"), path.join(top, "two")] };
    expect(await filesOf(write("two/train.yaml", "searcher: {}\n"))).toEqual([
      "two/train.py",
      "two/helper.py",
    ]);
  });
});
