import { openPoolFile } from "../../client/browse/poolFile.ts";
import { readTensors } from "../../client/browse/safetensors.ts";
import { checkManifest } from "../../client/restore/manifest.ts";
import { PoolCallError } from "../../client/poolCallError.ts";
import { UserError } from "../../client/userError.ts";
import { EXIT, withPool, type Command } from "../command.ts";
import { bytesText, plain, table } from "../text.ts";
import { findCheckpoint } from "./restore.ts";

export const files: Command = {
  name: "files",
  usage: "files ID [--tensors]",
  summary:
    "What a checkpoint holds, without pulling it: the best of an experiment or a trial, or one by its UUID.",
  details: `  --tensors    names, types and shapes in its .safetensors files, from their headers alone`,
  options: { tensors: { type: "boolean" } },
  arguments: ["ID"],
  run: async (context, given) => {
    const text = given.arguments[0] ?? "";
    const { signal } = context;
    return withPool(context, async (pool) => {
      const { uuid } = await findCheckpoint(context, pool, text);
      const answer = await pool.call("checkpoint/manifest", { uuid }, { signal });
      const { files: listed } = checkManifest(answer.manifest, uuid);
      if (given.values.tensors !== true) {
        context.document({ checkpoint: uuid, files: listed });
        const rows = listed.map(({ path, bytes }) => [path, bytesText(bytes)]);
        context.say(
          rows.length === 0 ? "It holds no files.\n" : table(["FILE", "SIZE"], rows, context.paint),
        );
        return EXIT.ok;
      }
      const names = listed.map(({ path }) => path).filter((path) => path.endsWith(".safetensors"));
      if (names.length === 0)
        throw new UserError(`The checkpoint ${uuid} has no .safetensors file.`, "See: trainyard files");
      const described = [];
      for (const path of names) {
        const file = await openPoolFile(pool, { type: "checkpointFile", uuid, path }, signal);
        described.push({ path, ...(await readTensors(file).catch(refusal)) });
      }
      context.document({ checkpoint: uuid, files: described });
      for (const { path, ...read } of described) {
        context.say(`${context.paint(plain(path), "bold")}\n`);
        if ("refused" in read) {
          context.say(`${plain(read.refused)}\n`);
          continue;
        }
        const { metadata, tensors } = read;
        for (const [name, value] of Object.entries(metadata))
          context.say(`${plain(name)}: ${plain(value)}\n`);
        const rows = tensors.map(({ name, type, shape, bytes }) => [name, type, `[${shape.join(", ")}]`, bytesText(bytes)]); // prettier-ignore
        context.say(table(["TENSOR", "TYPE", "SHAPE", "SIZE"], rows, context.paint));
      }
      return described.some((file) => "refused" in file) ? EXIT.failed : EXIT.ok;
    });
  },
};

/** What is wrong with one file does not keep the others from being shown. */
function refusal(error: unknown): { refused: string } {
  if (error instanceof UserError && !(error instanceof PoolCallError)) return { refused: error.message };
  throw error;
}
