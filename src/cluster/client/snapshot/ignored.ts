/** What stays behind: which ignored paths at the top are linked into the run, which are only listed, and why. */
import { lstat, readdir, realpath } from "node:fs/promises";
import path from "node:path";
import { isInsidePath } from "../../protocol/base.ts";
import type { LeftOutPath, LinkedPath } from "../../protocol/entities.ts";
import { bytePath } from "../git.ts";
import type { Shadow } from "./shadow.ts";

const DATA_FOLDERS = new Set(["data", "dataset", "datasets"]);
/** Far more than a folder that a person looks through; what is beyond is not listed one by one. */
const MOST_CHILDREN = 2000;
/** Names that are in every folder, say nothing, and would bury the rest. */
const UNREMARKABLE = new Set([".git", "__pycache__", ".DS_Store"]);

export interface StayBehind {
  linked: LinkedPath[];
  leftOut: LeftOutPath[];
}
export interface StayBehindRequest {
  root: string;
  shadow: Shadow;
  /** Paths in the configuration's `data:`, relative to the root, and ignored paths that the person linked. */
  dataPaths: readonly string[];
  links: readonly string[];
  /** Paths that the person leaves out, and Python environments. Value: the reason. */
  excluded: ReadonlyMap<string, string>;
  /** Whether runs see this machine's files. */
  linkable: boolean;
  signal?: AbortSignal | undefined;
}

/** @returns candidates with their reasons; what of them is in the snapshot all the same is for settle() to say */
export async function findIgnored(request: StayBehindRequest): Promise<StayBehind> {
  const { root, shadow, signal } = request;
  const top = (await namesIn(root)).filter((name) => !UNREMARKABLE.has(name));
  // `data/*` with `!data/.gitkeep` ignores what is in the folder but not the folder.
  const inData = await Promise.all(
    top.filter((name) => DATA_FOLDERS.has(name)).map(async (name) => childrenOf(root, name)),
  );
  const wanted = new Set([...request.dataPaths, ...request.links].filter(isInsidePath));
  const asked = new Set([...top, ...inData.flat(), ...wanted].map(bytePath));
  const rules = await shadow.rules([...asked], signal);

  const linked: LinkedPath[] = [];
  const leftOut: LeftOutPath[] = [];
  const link = async (name: string, why: string): Promise<void> => {
    const target = await realpath(path.join(root, name)).catch(() => null);
    if (target !== null && isInsidePath(name)) linked.push({ path: name, target, reason: why });
  };
  const described = (name: string): string => describeRule(rules.get(bytePath(name)), shadow);

  for (const name of new Set([...wanted, ...top, ...inData.flat()])) {
    const excluded = request.excluded.get(name);
    if (excluded === undefined && !rules.has(bytePath(name))) continue;
    if (linked.some((other) => name.startsWith(`${other.path}/`))) continue;
    const reason = excluded ?? described(name);
    const isData = DATA_FOLDERS.has(name) || inData.some((children) => children.includes(name));
    const why = request.links.includes(name)
      ? `linked by you; ${reason}`
      : request.dataPaths.includes(name)
        ? `named under data: in the configuration; ${reason}`
        : isData && excluded === undefined
          ? `a data folder; ${reason}`
          : null;
    if (why !== null && request.linkable) await link(name, why);
    else {
      const linkable = request.linkable && excluded === undefined && isInsidePath(name);
      leftOut.push({ path: name, reason, bytes: null, linkable });
    }
  }
  return { linked, leftOut };
}

/**
 * A path that is linked must hold nothing of the snapshot (a `data/` that is ignored but for a tracked `.gitkeep`):
 * then what is in it is linked, one by one.
 */
export async function settleLinks(
  root: string,
  linked: readonly LinkedPath[],
  snapshotHas: (folder: string) => boolean,
): Promise<LinkedPath[]> {
  const settled: LinkedPath[] = [];
  for (const link of linked) {
    if (settled.length >= MOST_CHILDREN) break;
    if (!snapshotHas(link.path)) {
      settled.push(link);
      continue;
    }
    const inner: LinkedPath[] = [];
    for (const child of await childrenOf(root, link.path)) {
      const target = await realpath(path.join(root, child)).catch(() => null);
      if (target !== null && isInsidePath(child)) inner.push({ path: child, target, reason: link.reason });
    }
    settled.push(...(await settleLinks(root, inner, snapshotHas)));
  }
  return settled;
}

/** A virtual environment at the top is made for one machine and never part of the code (its python is named apart). */
export async function findEnvironments(root: string): Promise<string[]> {
  const names = await readdir(root, { withFileTypes: true });
  const found = await Promise.all(
    names
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        for (const sign of ["pyvenv.cfg", "conda-meta"])
          if (await lstat(path.join(root, name, sign)).catch(() => null)) return name;
        return null;
      }),
  );
  return found.filter((name) => name !== null);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

async function childrenOf(root: string, folder: string): Promise<string[]> {
  const names = await namesIn(path.join(root, folder)).catch(() => []);
  return names.slice(0, MOST_CHILDREN).map((name) => `${folder}/${name}`);
}

function describeRule(
  rule: { source: string; line: number; pattern: string } | undefined,
  shadow: Shadow,
): string {
  if (!rule) return "ignored by git";
  const own = path.join(shadow.folder, "info", "exclude");
  const source = rule.source === own ? ".git/info/exclude" : rule.source;
  return `ignored by ${source}:${rule.line} (${rule.pattern})`;
}
