/** The configuration's schema, walked by paths: the one zod schema, as JSON schema. Pure. */
import * as z from "zod";
import { ExperimentConfiguration } from "../../../../cluster/protocol/configuration.ts";
import type { Path } from "./document.ts";

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

let schema: Schema | undefined;

export function configurationSchema(): Schema {
  return (schema ??= z.toJSONSchema(ExperimentConfiguration, {
    io: "input",
    unrepresentable: "any",
  }) as Schema);
}

/** What may stand at a path; of a union each of its members. */
export function schemasAt(path: Path): Schema[] {
  return path.reduce<Schema[]>(
    (found, part) =>
      found.flatMap((one) => {
        const own =
          typeof part === "number" ? one.items : (one.properties?.[part] ?? one.additionalProperties);
        return typeof own === "object" ? members(own) : [];
      }),
    members(configurationSchema()),
  );
}

function members(one: Schema): Schema[] {
  const inner = [...(one.anyOf ?? []), ...(one.oneOf ?? [])];
  return inner.length === 0 ? [one] : [one, ...inner.flatMap(members)];
}
