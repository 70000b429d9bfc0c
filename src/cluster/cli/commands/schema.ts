import { configurationSchema } from "../../client/configuration/jsonSchema.ts";
import { EXIT, type Command } from "../command.ts";

export const schema: Command = {
  name: "schema",
  usage: "schema",
  summary: "Print the JSON schema of configurations, for editors that complete and check by one.",
  details: `For the YAML language server, write it to a file and begin a configuration with this line:

  # yaml-language-server: $schema=experiment.schema.json`,
  arguments: [],
  run: (context) => {
    context.document(configurationSchema());
    context.say(`${JSON.stringify(configurationSchema(), null, 2)}\n`);
    return Promise.resolve(EXIT.ok);
  },
};
