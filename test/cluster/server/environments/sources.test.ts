import { symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { findSources, sourceHash } from "../../../../src/cluster/server/environments/sources.ts";
import { put, temporaryFolder } from "../../client/support.ts";

async function sources(files: Record<string, string>, script = "train.py", directory = ".") {
  const root = temporaryFolder();
  put(root, { [path.join(directory, script)]: "", ...files });
  return findSources(root, directory, script);
}

test("the nearest comes first, and of one folder the most exact", async () => {
  const project = '[project]\nname = "a"\ndependencies = ["torch>=2"]\n';
  const found = await sources(
    {
      "uv.lock": "version = 1\n",
      "pyproject.toml": project,
      "requirements.txt": "torch\n",
      "environment.yaml": "dependencies: [python]\n",
      "code/requirements.txt": "numpy\n",
      "code/train.py":
        '# /// script\n# requires-python = ">=3.9"\n# dependencies = [\n#   "rich",\n# ]\n# ///\n',
    },
    "train.py",
    "code",
  );
  expect(found.map(({ kind, path: file }) => [kind, file])).toEqual([
    ["script", "code/train.py"],
    ["requirements.txt", "code/requirements.txt"],
    ["uv.lock", "uv.lock"],
    ["requirements.txt", "requirements.txt"],
    ["pyproject.toml", "pyproject.toml"],
    ["environment.yml", "environment.yaml"],
  ]);
  expect([...(found[0]?.files ?? [])]).toEqual([["requirements.txt", "rich\n"]]);
});

test("a script's block may end its lines as Windows does", async () => {
  const block = '# /// script\r\n# dependencies = ["rich"]\r\n# ///\r\n';
  const [found] = await sources({ "train.py": block });
  expect([...(found?.files ?? [])]).toEqual([["requirements.txt", "rich\n"]]);
});

test("requirements bring what they include; the workspace's own folders are left out", async () => {
  const text = "-r base.txt\n--constraint=limits/c.txt\n-e .\n./local\n-e ./other[extra]\n..\ntorch\n";
  const [found] = await sources({
    "requirements.txt": text,
    "base.txt": "-r requirements.txt\nnumpy\n",
    "limits/c.txt": "six<2\n",
  });
  expect([...(found?.files ?? [])]).toEqual([
    ["requirements.txt", "-r base.txt\n--constraint=limits/c.txt\ntorch\n"],
    ["base.txt", "-r requirements.txt\nnumpy\n"],
    ["limits/c.txt", "six<2\n"],
  ]);
});

test("nothing outside of the snapshot is read, and no dependency is an option", async () => {
  const root = temporaryFolder();
  const outside = path.join(temporaryFolder(), "secret.txt");
  writeFileSync(outside, "secret\n");
  const dependencies = ["--index-url=http://elsewhere", "ok", "two\nlines"];
  put(root, {
    "train.py": "",
    "requirements.txt": `-r ../${path.basename(path.dirname(outside))}/secret.txt\n-r link.txt\n-r ${outside}\n`,
    "pyproject.toml": `[project]\nname = "a"\ndependencies = ${JSON.stringify(dependencies)}\n`,
  });
  symlinkSync(outside, path.join(root, "link.txt"));
  symlinkSync(outside, path.join(root, "environment.yml"));
  const found = await findSources(root, ".", "train.py");
  expect(found.map(({ kind }) => kind)).toEqual(["requirements.txt", "pyproject.toml"]);
  expect([...(found[0]?.files.keys() ?? [])]).toEqual(["requirements.txt"]);
  expect(found[1]?.files.get("requirements.txt")).toBe("ok\n");
});

test.each([
  ["pyproject.toml", "[project\n"],
  ["pyproject.toml", '[project]\nname = "a"\ndynamic = ["dependencies"]\n'],
  ["train.py", "# /// script\n# dependencies = [\n# ///\n"],
])("%s that says nothing is no source: %j", async (file, text) => {
  expect(await sources({ [file]: text })).toEqual([]);
});

test("what an environment does not depend on does not change it", async () => {
  const project = (more: string): string => `[project]\nname = "a"\n${more}dependencies = ["torch"]\n`;
  const hashes = await Promise.all(
    [project(""), project('description = "b"\n'), project("").replace("torch", "numpy")].map(async (text) =>
      (await sources({ "pyproject.toml": text })).map(sourceHash),
    ),
  );
  expect(hashes[0]).toEqual(hashes[1]);
  expect(hashes[0]).not.toEqual(hashes[2]);
});
