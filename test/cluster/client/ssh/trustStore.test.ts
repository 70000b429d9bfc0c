import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { judge, parseKnownHosts } from "../../../../src/cluster/client/ssh/knownHosts.ts";
import { openTrustStore } from "../../../../src/cluster/client/ssh/trustStore.ts";
import { temporaryFolder } from "../support.ts";
import { makeKey } from "./keys.ts";

function modeOf(file: string): number {
  return statSync(file).mode & 0o777;
}

it("keeps what was trusted, for its owner alone, and gives the verdicts of known_hosts", async () => {
  const folder = path.join(temporaryFolder(), "state");
  const [one, other] = [makeKey(temporaryFolder()), makeKey(temporaryFolder())];
  const store = openTrustStore(folder);
  expect(await store.keys()).toEqual([]);
  await store.trust("[gpu1]:2200", one.blob);
  await store.trust("[gpu1]:2200", one.blob);
  await store.trust("gpu*", one.blob);
  expect(modeOf(folder)).toBe(0o700);
  expect(modeOf(path.join(folder, "known-hosts.json"))).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["known-hosts.json"]);

  const keys = await openTrustStore(folder).keys();
  expect(keys).toHaveLength(2);
  expect(judge(keys, "[gpu1]:2200", one.blob)).toEqual({ kind: "known" });
  expect(judge(keys, "[gpu1]:2200", other.blob)).toEqual({
    kind: "changed",
    where: `[gpu1]:2200 in ${path.join(folder, "known-hosts.json")}`,
  });
  // A name is no pattern here.
  expect(judge(keys, "gpu2", one.blob)).toEqual({ kind: "unknown", others: [] });
  // Beside known_hosts: what is revoked there stays revoked.
  const revoked = parseKnownHosts(`@revoked * ${one.line}`, "known_hosts");
  expect(judge([...revoked, ...keys], "[gpu1]:2200", one.blob).kind).toBe("revoked");

  expect(await store.forget("[gpu1]:2200")).toBe(true);
  expect(await store.forget("[gpu1]:2200")).toBe(false);
  expect(judge(await store.keys(), "[gpu1]:2200", other.blob)).toEqual({ kind: "unknown", others: [] });
});

it("loses nothing where several windows trust at once", async () => {
  const folder = temporaryFolder();
  const { blob } = makeKey(folder);
  const names = Array.from({ length: 12 }, (_, index) => `gpu${index}`);
  await Promise.all(names.map((name) => openTrustStore(folder).trust(name, blob)));
  const keys = await openTrustStore(folder).keys();
  for (const name of names) expect(judge(keys, name, blob)).toEqual({ kind: "known" });
});

it.each([
  ["cut off", '{"hosts": {"gpu1": [{'],
  ["of another shape", '{"hosts": {"gpu1": "trusted"}}'],
  ["with a key that is none", '{"hosts": {"gpu1": [{"key": "AAAA", "trustedAt": "2026-01-01T00:00:00Z"}]}}'],
])("puts aside a file that is %s, and says so", async (_, text) => {
  const folder = temporaryFolder();
  const { blob } = makeKey(temporaryFolder());
  writeFileSync(path.join(folder, "known-hosts.json"), text);
  const notes: string[] = [];
  const store = openTrustStore(folder, (note) => notes.push(note));
  expect(await store.keys()).toEqual([]);
  await store.trust("gpu1", blob);
  expect(judge(await store.keys(), "gpu1", blob)).toEqual({ kind: "known" });
  expect(notes).toHaveLength(1);
  const aside = readdirSync(folder).find((name) => name.startsWith("known-hosts.damaged-"));
  expect(readFileSync(path.join(folder, aside ?? ""), "utf8")).toBe(text);
});

it("keeps what a newer version wrote beside it", async () => {
  const folder = temporaryFolder();
  const { blob } = makeKey(temporaryFolder());
  const key = blob.toString("base64");
  const newer = { note: "x", hosts: { gpu1: [{ key, trustedAt: "2026-01-01T00:00:00Z", by: "ada" }] } };
  const file = path.join(folder, "known-hosts.json");
  writeFileSync(file, JSON.stringify(newer));
  await openTrustStore(folder).trust("gpu2", blob);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject(newer);
});
