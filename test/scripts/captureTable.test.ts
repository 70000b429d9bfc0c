/** The README's table of captured libraries says the versions that the tests install, all of them and no others. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "../..");
/** What the environments need beside the libraries that are captured. */
const BESIDE = ["numpy", "protobuf", "pytorch-lightning", "setuptools", "torchmetrics"];

function installed(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const folder = path.join(root, "test/capture");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".txt")))
    for (const line of readFileSync(path.join(folder, file), "utf8").split("\n")) {
      const [name, version] = line.split("==");
      if (name === undefined || version === undefined || BESIDE.includes(name)) continue;
      found.set(name, (found.get(name) ?? new Set()).add(version.replace(/\+.*/, "")));
    }
  return found;
}

function said(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of readFileSync(path.join(root, "README.md"), "utf8").split("\n")) {
    const [, library, , tested] = line.split("|");
    if (library === undefined || !/tested with version|not tested: could not be installed/.test(tested ?? ""))
      continue;
    const versions = new Set((tested ?? "").match(/\d+(\.\d+)+(a\d+)?/g) ?? []);
    for (const [, name = ""] of library.matchAll(/`([^`]+)`/g)) found.set(name, versions);
  }
  return found;
}

test("the README says which versions are tested", () => {
  const tests = installed();
  const readme = said();
  const names = [...tests.keys()].sort();
  expect(names.length).toBeGreaterThan(10);
  expect([...readme.keys()].filter((name) => name !== "tf.summary").sort()).toEqual(names);
  for (const [name, versions] of tests) {
    const missing = [...versions].filter((version) => !readme.get(name)?.has(version));
    expect({ name, missing }).toEqual({ name, missing: [] });
    expect([...(readme.get(name) ?? [])].filter((version) => !versions.has(version))).toEqual([]);
  }
});
