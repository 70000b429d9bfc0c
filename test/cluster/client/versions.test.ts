import { expect, it } from "vitest";
import { isOlder } from "../../../src/cluster/client/versions.ts";

it.each([
  ["0.1.0", "0.1.1", true],
  ["0.2.0", "0.10.0", true],
  ["0.9.9", "1.0.0", true],
  ["1.0.0", "1.0.0", false],
  ["1.0.1", "1.0.0", false],
  ["1.10.0", "1.9.9", false],
  ["1.0.0-beta.1", "1.0.0", false],
  ["", "1.0.0", false],
  ["1.0.0", "next", false],
])("%s is older than %s: %s", (version, than, expected) => {
  expect(isOlder(version, than)).toBe(expected);
});
