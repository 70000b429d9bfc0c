import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createSecretStore } from "../../../../src/cluster/server/store/secrets.ts";

test("secrets are in a file of their owner alone, survive a restart, and go", () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "trainyard-secrets-")), "secrets");
  onTestFinished(() => rmSync(path.dirname(folder), { recursive: true }));
  const store = createSecretStore(folder);
  store.write(3, { KEY: "value" });
  store.write(4, {});
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual(["3.json"]);
  expect(statSync(path.join(folder, "3.json")).mode & 0o777).toBe(0o600);
  const restarted = createSecretStore(folder);
  expect(restarted.list()).toEqual([3]);
  expect(restarted.read(3)).toEqual({ KEY: "value" });
  expect(restarted.read(4)).toEqual({});
  restarted.delete(3);
  expect(readdirSync(folder)).toEqual([]);
  expect(restarted.read(3)).toEqual({});
});
