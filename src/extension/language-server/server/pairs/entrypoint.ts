/** Which Python files an entrypoint names. Nothing is run, and a shell's words are only looked at. Pure. */
import path from "node:path";
import { isTrialClass } from "../../../../cluster/protocol/configuration.ts";

/** What parts the words of a shell's line, and the value of a flag from its name. */
const BETWEEN_WORDS = /[\s;&|()<>"'`=]+/;
const MODULE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;

/**
 * Paths that it may mean, in the order of its words, each as one choice of several: `-m pkg.train` is `pkg/train.py` or
 * `pkg/train/__main__.py`, seen from the folder that it is started in, or from one that it changes to (`cd sub && ...`).
 * @param entrypoint as it stands in a file: anything
 */
export function namedScripts(entrypoint: unknown): string[][] {
  const items = typeof entrypoint === "string" ? [entrypoint] : Array.isArray(entrypoint) ? entrypoint : [];
  const texts = items.filter((item) => typeof item === "string");
  // A file's name may have a space in it where the entrypoint is a list.
  const words = texts.flatMap((text) =>
    Array.isArray(entrypoint) && text.endsWith(".py") ? [text] : text.split(BETWEEN_WORDS),
  );
  const folders = words.flatMap((word, at) => (words[at - 1] === "cd" && word !== "" ? [word] : []));
  return words
    .map((word, at) => meantBy(word, words[at - 1]))
    .filter((files) => files.length > 0)
    .map((files) => [...files, ...folders.flatMap((folder) => files.map((file) => path.join(folder, file)))]);
}

function meantBy(word: string, before: string | undefined): string[] {
  if (word.endsWith(".py")) return [word];
  if (before === "-m" && MODULE.test(word)) return filesOf(word, "__main__");
  return isTrialClass(word) ? filesOf(word.slice(0, word.indexOf(":")), "__init__") : [];
}

function filesOf(module: string, inFolder: string): string[] {
  const file = module.replaceAll(".", "/");
  return [`${file}.py`, `${file}/${inFolder}.py`];
}
