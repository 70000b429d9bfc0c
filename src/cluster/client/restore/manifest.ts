/** A manifest comes from a pool, so nothing in it is believed before it is checked. */
import { Manifest } from "../../protocol/runDirectory.ts";
import { RESTORED_MARKER } from "../snapshot/restored.ts";
import { UserError } from "../userError.ts";
import { PARTIAL_RECORD } from "./partial.ts";

const MOST_FILES = 100_000;
const MOST_BYTES = 2 ** 50;

/** @throws UserError that says what is wrong with it; nothing has been written then */
export function checkManifest(value: unknown, uuid: string): Manifest {
  const refuse = (why: string): UserError =>
    new UserError(`The manifest of checkpoint ${uuid} is refused: ${why}.`, "Restore another checkpoint.");
  const parsed = Manifest.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refuse(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a manifest"}`);
  }
  const manifest = parsed.data;
  if (manifest.uuid !== uuid) throw refuse(`it is of another checkpoint (${manifest.uuid})`);
  if (manifest.files.length > MOST_FILES) throw refuse(`it names more than ${MOST_FILES} files`);
  const names = new Set<string>();
  let bytes = 0;
  for (const file of manifest.files) {
    const shown = JSON.stringify(file.path.slice(0, 200));
    // The schema has refused paths that lead out; this one is allowed where a folder is meant.
    if (file.path === ".") throw refuse(`the path ${shown} is the folder itself`);
    if (file.path.split("/").includes(".git")) throw refuse(`the path ${shown} is inside of a .git folder`);
    if (file.path === RESTORED_MARKER || file.path === PARTIAL_RECORD)
      throw refuse(`the path ${shown} is taken`);
    if (
      Buffer.byteLength(file.path) > 4000 ||
      file.path.split("/").some((part) => Buffer.byteLength(part) > 255)
    )
      throw refuse(`the path ${shown} is too long`);
    if (names.has(file.path)) throw refuse(`the path ${shown} is there twice`);
    if (!Number.isSafeInteger(file.bytes)) throw refuse(`the size of ${shown} is no size`);
    names.add(file.path);
    bytes += file.bytes;
  }
  if (bytes > MOST_BYTES) throw refuse("its files are larger than any disk");
  for (const name of names)
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1))
      if (names.has(name.slice(0, at)))
        throw refuse(`${JSON.stringify(name.slice(0, at))} is a file and a folder at once`);
  return manifest;
}
