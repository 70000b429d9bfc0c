/** What a configuration's own entrypoint means for the script that was submitted. Pure. */
import path from "node:path";

/** One sentence when the entrypoint, which is what runs, does not name the script; else null. */
export function entrypointNote(entrypoint: string | readonly string[], script: string): string | null {
  const words = typeof entrypoint === "string" ? entrypoint.split(/[\s;&|()<>"'`=]+/) : entrypoint;
  if (words.some((word) => names(word, script))) return null;
  const command = typeof entrypoint === "string" ? entrypoint : entrypoint.join(" ");
  return `The configuration's entrypoint runs, not ${script}: ${command}`;
}

/** By its path, as seen from a folder above or below, or as a module (`python -m pkg.train`). */
function names(word: string, script: string): boolean {
  return [word, `${word.replaceAll(".", "/")}.py`].some((file) => {
    const plain = path.normalize(file);
    return plain === script || plain.endsWith(`/${script}`) || script.endsWith(`/${plain}`);
  });
}
