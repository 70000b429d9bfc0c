/** Secret values of living experiments: one 0600 file each, outside of the database, gone when the experiment has ended. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const SecretFile = z.record(z.string(), z.string());
export type SecretStore = ReturnType<typeof createSecretStore>;

/** @param folder `<pool>/state/secrets` */
export function createSecretStore(folder: string) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (experimentId: number) => path.join(folder, `${experimentId}.json`);
  const known = new Map<number, Record<string, string>>();

  return {
    write(experimentId: number, secrets: Record<string, string>): void {
      if (Object.keys(secrets).length === 0) return;
      const temporary = path.join(folder, `.${experimentId}.${process.pid}.tmp`);
      try {
        writeFileSync(temporary, JSON.stringify(secrets), { mode: 0o600, flag: "w", flush: true });
        renameSync(temporary, fileOf(experimentId));
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      // Only now: its number may be another experiment's, when this one is taken back since there was no room.
      known.set(experimentId, secrets);
    },
    read(experimentId: number): Record<string, string> {
      let secrets = known.get(experimentId);
      if (secrets === undefined) known.set(experimentId, (secrets = readSecrets(fileOf(experimentId))));
      return secrets;
    },
    delete(experimentId: number): void {
      known.delete(experimentId);
      rmSync(fileOf(experimentId), { force: true });
    },
    /** Experiments that have a file. */
    list: (): number[] =>
      readdirSync(folder)
        .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
        .filter((id) => id !== undefined)
        .map(Number),
  };
}

function readSecrets(file: string): Record<string, string> {
  try {
    return SecretFile.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {}; // none, or the experiment has ended
  }
}
