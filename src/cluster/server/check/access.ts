/** Whether this account may look into a pool folder, and write into it, in words for who may not. */
import { accessSync, constants, existsSync, lstatSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { CallError } from "../callError.ts";

/** @param home of the pool @throws CallError where it may not be read, or (`toWrite`) not be written */
export function requireAccess(home: string, toWrite: boolean): void {
  const places = [home, ...["state", "runs", "checkpoints"].map((name) => path.join(home, name))];
  const wanted = constants.R_OK | constants.X_OK | (toWrite ? constants.W_OK : 0);
  for (const place of places) {
    // In a folder that may not be searched nothing seems to exist; that one is complained of before.
    if (place !== home && !existsSync(place)) continue;
    try {
      accessSync(place, wanted);
    } catch (error) {
      throw refusal(place, toWrite, error as NodeJS.ErrnoException);
    }
  }
}

function refusal(place: string, toWrite: boolean, { code }: NodeJS.ErrnoException): CallError {
  const what = `The pool folder cannot be ${toWrite ? "written" : "read"}`;
  if (code === "EROFS")
    return new CallError(
      "refused",
      `${what}: ${place} is on a file system that is read-only.`,
      "Mount it to be written, then repair it; `trainyard pool check` without --repair and `trainyard pool backup FOLDER` only read it.",
    );
  const { uid } = lstatSync(place);
  const { uid: own, username } = userInfo();
  if (uid !== own)
    return new CallError(
      "refused",
      `${what}: ${place} belongs to another account (uid ${uid}), and this is ${username} (uid ${own}).`,
      "Do it as that account.",
    );
  return new CallError(
    "refused",
    `${what}: the permissions of ${place} forbid it.`,
    `Give them back, with: chmod u+rwx '${place.replaceAll("'", "'\\''")}'`,
  );
}
