import { existsSync, symlinkSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { listHosts } from "../../../../src/cluster/client/ssh/hostList.ts";
import { put, temporaryFolder } from "../support.ts";

async function names(files: Record<string, string>): Promise<string[]> {
  const home = temporaryFolder();
  put(home, files);
  return (await listHosts({ home })).map(({ name }) => name);
}

it("lists literal names in order, once, with their file", async () => {
  const home = temporaryFolder();
  put(home, {
    ".ssh/config": `# Host commented
Host gpu1 gpu2 # Host no
  HostName 10.0.0.1
Include conf.d/*.conf ~/more
  host = "gpu3"
HOST gpu1 *.example !gpu9 gpu? host:22 -bad a;b
  User Host
Host last\r
`,
    ".ssh/conf.d/b.conf": "Host in-b\n",
    ".ssh/conf.d/a.conf": "Host in-a gpu3\n",
    ".ssh/conf.d/.hidden.conf": "Host hidden\n",
    ".ssh/conf.d/c.txt": "Host not-included\n",
    more: "Host more\n",
  });
  const inHome = (file: string): string => path.join(home, file);
  // The Include stands in the block of gpu1 and gpu2: nothing else gets as far as those files.
  expect(await listHosts({ home })).toEqual(
    ["gpu1", "gpu2", "gpu3", "last"].map((name) => ({ name, file: inHome(".ssh/config") })),
  );
  put(home, { ".ssh/config": `Include conf.d/*.conf "~/more"\nHost gpu3 last\n` });
  expect(await listHosts({ home })).toEqual([
    { name: "in-a", file: inHome(".ssh/conf.d/a.conf") },
    { name: "gpu3", file: inHome(".ssh/conf.d/a.conf") },
    { name: "in-b", file: inHome(".ssh/conf.d/b.conf") },
    { name: "more", file: inHome("more") },
    { name: "last", file: inHome(".ssh/config") },
  ]);
  expect(await listHosts({ home, configFile: inHome("more") })).toEqual([
    { name: "more", file: inHome("more") },
  ]);
});

it("follows includes without end, to no end", async () => {
  const deep = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [`.ssh/${at}`, `Host gpu${at}\nMatch all\nInclude ${at + 1}\n`]),
  );
  const found = await names({ ...deep, ".ssh/config": "Include 0\n" });
  expect(found.slice(0, 3)).toEqual(["gpu0", "gpu1", "gpu2"]);
  expect(found.length).toBeLessThan(20);
  expect(await names({ ".ssh/config": "Include config config\nHost gpu1\nInclude ../.ssh/*\n" })).toEqual([
    "gpu1",
  ]);
  const home = temporaryFolder();
  put(home, { ".ssh/config": "Include other\nHost gpu1\n" });
  symlinkSync(path.join(home, ".ssh/config"), path.join(home, ".ssh/other"));
  expect(await listHosts({ home })).toHaveLength(1);
});

it("runs nothing, and lists what a Match leads to", async () => {
  const ran = path.join(temporaryFolder(), "ran");
  const found = await names({
    ".ssh/config": `Match exec "touch ${ran}"\n  Include more\nHost gpu1\n`,
    ".ssh/more": "Host more\n",
  });
  expect(found).toEqual(["more", "gpu1"]);
  expect(existsSync(ran)).toBe(false);
});

it("names nobody where there is no configuration, or no text", async () => {
  expect(await names({ "other/": "" })).toEqual([]);
  expect(await names({ ".ssh/config/": "" })).toEqual([]);
  expect(await names({ ".ssh/config": "\u0000\ufffdHost\nHost\nInclude\nInclude /nowhere/*/x\n" })).toEqual(
    [],
  );
});
