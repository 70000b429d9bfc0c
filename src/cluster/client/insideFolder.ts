/** Whether a place is in a folder, by the two paths alone: absolute, and real where links matter. Pure. */
import path from "node:path";

export function isSameOrInside(place: string, folder: string): boolean {
  const relative = path.relative(folder, place);
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

export function isInside(place: string, folder: string): boolean {
  return path.relative(folder, place) !== "" && isSameOrInside(place, folder);
}
