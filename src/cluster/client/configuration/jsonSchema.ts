/** The configuration's JSON schema, made of its zod schema: for other editors, and to be walked by paths. Pure. */
import * as z from "zod";
import { ExperimentConfiguration } from "../../protocol/configuration.ts";
import { HYPERPARAMETER_TYPES, hyperparameterSchema } from "../../search/space.ts";
import type { Path } from "./source.ts";

/** As much of JSON schema as there is in ours. */
export interface Schema {
  readonly $schema?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly not?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

const SPACE = "#/$defs/hyperparameters";
let made: Schema | undefined;

export function configurationSchema(): Schema {
  return (made ??= make());
}

function make(): Schema {
  const schema = z.toJSONSchema(ExperimentConfiguration, { io: "input", unrepresentable: "any" }) as Schema;
  const { $schema, ...drawn } = hyperparameterSchema() as Schema;
  const { $defs: inner, oneOf, anyOf } = drawn;
  const types = oneOf ?? anyOf ?? [];
  const ofType: Schema = { properties: { type: { enum: HYPERPARAMETER_TYPES } }, required: ["type"] };
  const { hyperparameters, ...properties } = schema.properties ?? {};
  return {
    ...schema,
    $schema: $schema ?? schema.$schema,
    title: "A Trainyard experiment",
    properties: {
      ...properties,
      hyperparameters: {
        type: "object",
        description: hyperparameters?.description,
        default: {},
        additionalProperties: { $ref: `${SPACE}/additionalProperties` },
      },
    },
    $defs: {
      ...inner,
      ...schema.$defs,
      hyperparameters: {
        description: "More hyperparameters.",
        type: "object",
        not: ofType,
        additionalProperties: {
          anyOf: [...types, { $ref: SPACE }, { type: ["string", "number", "boolean", "null", "array"] }],
        },
      },
    },
  };
}

/** What may stand at a path; of a union each of its members. */
export function schemasAt(path: Path): Schema[] {
  return path.reduce<Schema[]>(
    (found, part) =>
      found.flatMap((one) => {
        const own =
          typeof part === "number"
            ? one.items
            : Object.hasOwn(one.properties ?? {}, part)
              ? one.properties?.[String(part)]
              : one.additionalProperties;
        return typeof own === "object" ? membersOf(own) : [];
      }),
    membersOf(configurationSchema()),
  );
}

/** Known keys of the map at a path. */
export function keysAt(path: Path): string[] {
  return schemasAt(path).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

/** It and, of a union, its members; each once: any JSON holds itself. */
function membersOf(one: Schema, seen = new Set<string>()): Schema[] {
  if (one.$ref !== undefined) {
    if (seen.has(one.$ref)) return [];
    seen.add(one.$ref);
    return membersOf(resolve(one.$ref), seen).map((found) =>
      one.description === undefined ? found : { ...found, description: one.description },
    );
  }
  return [one, ...[...(one.anyOf ?? []), ...(one.oneOf ?? [])].flatMap((inner) => membersOf(inner, seen))];
}

function resolve(reference: string): Schema {
  const parts = reference.split("/").slice(1);
  return parts.reduce<unknown>(
    (at, part) => (at as Record<string, unknown>)[part],
    configurationSchema(),
  ) as Schema;
}
