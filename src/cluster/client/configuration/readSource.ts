/** One way to read a configuration, whatever it is written in. Pure. */
import { Places } from "./places.ts";
import type { Source } from "./source.ts";
import { readScriptTable } from "./tomlSource.ts";
import { readYaml } from "./yamlSource.ts";

export function isScriptFile(file: string): boolean {
  return /\.pyw?$/i.test(file);
}

export function readSource(file: string, text: string): Source {
  if (!isScriptFile(file)) return readYaml(file, text);
  const message =
    "This script has no configuration: a table `[tool.trainyard]` in a block of comments from `# /// script` to `# ///`.";
  const places = new Places(file, text);
  return (
    readScriptTable(file, text) ?? {
      ...{ syntax: "toml", file, text: "", root: null, value: null, isWhole: false, places },
      problems: [places.located([0, 0], message)],
    }
  );
}
