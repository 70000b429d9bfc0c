import { expect, test } from "vitest";
import { parseByteSize } from "../../../src/cluster/protocol/byteSize.ts";
import { ExperimentConfiguration, outputLimitBytes } from "../../../src/cluster/protocol/configuration.ts";

test.each([
  ["1024", 1024],
  ["10 GiB", 10 * 2 ** 30],
  ["1.5GB", 1_500_000_000],
  [" 16 mib ", 16 * 2 ** 20],
  ["10 G", null],
  ["-5 MB", null],
  ["", null],
  ["GB", null],
  ["1e9", null],
  ["999999999999999 TB", null],
])("%j is %j bytes", (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test.each([
  [{}, 10 * 2 ** 30],
  [{ output_limit: null }, null],
  [{ output_limit: "500 MB" }, 500_000_000],
  [{ output_limit: 20_000_000 }, 20_000_000],
])("the limit of output of %j is %j", (given, bytes) => {
  expect(outputLimitBytes(ExperimentConfiguration.parse(given))).toBe(bytes);
});

test.each(["1 MB", 5, "much", true])("an output_limit of %j is refused", (output_limit) => {
  const refused = ExperimentConfiguration.safeParse({ output_limit });
  expect(refused.error?.issues[0]?.path).toEqual(["output_limit"]);
});
