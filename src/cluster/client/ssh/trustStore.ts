/** The host keys that the person said yes to: ours to keep, since OpenSSH's files are never written. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { withLock } from "../fileLock.ts";
import { messageOf, UserError } from "../userError.ts";
import { typeOfKey } from "./keyBlob.ts";
import type { KnownKey } from "./knownHosts.ts";

// What a newer version adds is kept when this one writes.
const Trusted = z.looseObject({
  key: z.base64().refine((key) => typeOfKey(Buffer.from(key, "base64")) !== null),
  trustedAt: z.iso.datetime(),
});
const Store = z.looseObject({ hosts: z.record(z.string(), z.array(Trusted)) });
type Store = z.infer<typeof Store>;

export interface TrustStore {
  /** Read anew each time: another window may have trusted since. For `judge` and `knownTypes`, beside those of known_hosts. */
  keys(): Promise<KnownKey[]>;
  /** @param name as SshHost.knownHosts.name */
  trust(name: string, blob: Buffer): Promise<void>;
  /** All keys of that name; false where there was none. */
  forget(name: string): Promise<boolean>;
}

/** @param note told when a damaged file was put aside */
export function openTrustStore(
  stateFolder: string,
  note: (text: string) => void = () => undefined,
): TrustStore {
  const file = path.join(stateFolder, "known-hosts.json");

  async function underLock<T>(work: () => Promise<T>): Promise<T> {
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    return withLock(`${file}.lock`, "change of the trusted hosts", undefined, work);
  }

  /** Under the lock, so that no file is put aside that somebody has just replaced. */
  async function readOrPutAside(): Promise<Store> {
    const read = await readStore(file);
    if (read !== "damaged") return read;
    const aside = path.join(stateFolder, `known-hosts.damaged-${Date.now()}.json`);
    await rename(file, aside);
    note(`${file} was damaged and is now ${aside}: hosts that were trusted there are asked about again.`);
    return { hosts: {} };
  }

  /** @param edit false where nothing changed */
  async function change(edit: (hosts: Map<string, z.infer<typeof Trusted>[]>) => boolean): Promise<boolean> {
    return underLock(async () => {
      const store = await readOrPutAside();
      const hosts = new Map(Object.entries(store.hosts));
      if (!edit(hosts)) return false;
      const temporary = `${file}.${process.pid}.tmp`;
      const text = JSON.stringify({ ...store, hosts: Object.fromEntries(hosts) }, undefined, 2);
      await writeFile(temporary, `${text}\n`, { mode: 0o600, flush: true });
      await rename(temporary, file);
      return true;
    });
  }

  return {
    keys: async () => {
      const read = await readStore(file);
      return keysOf(read === "damaged" ? await underLock(readOrPutAside) : read, file);
    },
    trust: async (name, blob) => {
      const key = blob.toString("base64");
      await change((hosts) => {
        const of = hosts.get(name) ?? [];
        if (of.some((trusted) => trusted.key === key)) return false;
        hosts.set(name, [...of, { key, trustedAt: new Date().toISOString() }]);
        return true;
      });
    },
    forget: (name) => change((hosts) => hosts.delete(name)),
  };
}

async function readStore(file: string): Promise<Store | "damaged"> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { hosts: {} };
    throw new UserError(
      `The hosts that you trust cannot be read: ${messageOf(error)}.`,
      `Make ${file} readable.`,
    );
  }
  try {
    return Store.parse(JSON.parse(text));
  } catch {
    return "damaged";
  }
}

function keysOf(store: Store, file: string): KnownKey[] {
  return Object.entries(store.hosts).flatMap(([host, trusted]) =>
    trusted.map(({ key }): KnownKey => {
      const blob = Buffer.from(key, "base64");
      return {
        marker: null,
        matches: (name) => name === host,
        type: typeOfKey(blob) ?? "",
        blob,
        where: `${host} in ${file}`,
      };
    }),
  );
}
