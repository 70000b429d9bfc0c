// Writes media/experiment.schema.json.   usage: npm run schema
import { writeFileSync } from "node:fs";
import { configurationSchema } from "../src/cluster/client/configuration/jsonSchema.ts";

writeFileSync("media/experiment.schema.json", `${JSON.stringify(configurationSchema(), null, 2)}\n`);
