import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  configurationSchema,
  keysAt,
  type Schema,
} from "../../../../src/cluster/client/configuration/jsonSchema.ts";

/** Dotted names of all keys whose schema says nothing. */
function undescribed(schema: Schema, path: readonly string[] = []): string[] {
  const { properties = {}, anyOf = [], oneOf = [], items, additionalProperties } = schema;
  const own = Object.entries(properties).flatMap(([key, inner]) => [
    ...(inner.description === undefined ? [[...path, key].join(".")] : []),
    ...undescribed(inner, [...path, key]),
  ]);
  const more = typeof additionalProperties === "object" ? [additionalProperties] : [];
  const others = [...anyOf, ...oneOf, ...more, ...(items ? [items] : [])];
  return [...own, ...others.flatMap((inner) => undescribed(inner, [...path, "*"]))];
}

describe("the JSON schema", () => {
  it("is in media/ as it is made now (npm run schema)", () => {
    const file = new URL("../../../../media/experiment.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(configurationSchema())));
  });

  it("describes every key", () => {
    expect(keysAt([])).toContain("searcher");
    const { $defs, ...schema } = configurationSchema();
    expect(undescribed(schema)).toEqual([]);
    expect(undescribed($defs?.hyperparameters?.additionalProperties as Schema)).toEqual([]);
  });

  it("knows hyperparameters at any depth", () => {
    for (const path of [
      ["hyperparameters", "lr"],
      ["hyperparameters", "optimizer", "lr"],
    ])
      expect(keysAt(path)).toEqual(
        expect.arrayContaining(["type", "minval", "maxval", "base", "vals", "count"]),
      );
  });

  it("walks into nothing that is not there", () => {
    for (const path of [["constructor"], ["searcher", "__proto__"], ["name", "x"], ["labels", 0, 0]])
      expect(keysAt(path)).toEqual([]);
  });
});
