/** What stays behind: which ignored paths are linked into the run, which are only listed, and why. */
import { lstat, readdir, realpath } from "node:fs/promises";
import path from "node:path";
import { isInsidePath } from "../../protocol/base.ts";
import type { LeftOutPath, LinkedPath } from "../../protocol/entities.ts";
import { bytePath, displayPath } from "../git.ts";
import { LEFT_OUT_REASON } from "./reasons.ts";
import { RESTORED_MARKER, RESTORED_REASON } from "./restored.ts";
import type { Shadow } from "./shadow.ts";

const DATA_FOLDERS = ["data", "dataset", "datasets"];
/** Far more than a folder that a person looks through; what is beyond is not listed one by one. */
const MOST_CHILDREN = 2000;
/** The same for ignored paths that lie deeper. */
const MOST_DEEPER = 2000;
/** Names that are in every folder, say nothing, and would bury the rest. */
const UNREMARKABLE = new Set([".git", "__pycache__", ".DS_Store"]);

export interface StayBehind {
  linked: LinkedPath[];
  leftOut: LeftOutPath[];
  /** Of those left out: what would be linked if runs saw this machine's files. */
  unlinked: LeftOutPath[];
}
export interface StayBehindRequest {
  root: string;
  /** Where the run starts, relative to the root: its top counts like the root's. */
  directory: string;
  shadow: Shadow;
  /** Paths in the configuration's `data:`, relative to the root, and ignored paths that the person linked. */
  dataPaths: readonly string[];
  links: readonly string[];
  /** Paths that the person leaves out, and Python environments. Value: the reason. */
  excluded: ReadonlyMap<string, string>;
  /** Ignored paths that are part of the snapshot all the same, and paths that are on the pool. */
  sent: readonly string[];
  mapped: readonly string[];
  /** Whether runs see this machine's files. */
  linkable: boolean;
  signal?: AbortSignal | undefined;
}

/** @returns candidates with their reasons; what of them is in the snapshot all the same is for the plan to say */
export async function findIgnored(request: StayBehindRequest): Promise<StayBehind> {
  const { root, shadow, signal } = request;
  const bases = topsOf(request.directory);
  const dataFolders = new Set(bases.flatMap((base) => DATA_FOLDERS.map((name) => base + name)));
  const [top, deeper, excluded] = await Promise.all([
    Promise.all(bases.map(async (base) => remarkableIn(root, base))).then((names) => names.flat()),
    shadow.ignored(MOST_DEEPER, signal),
    present(root, [...request.excluded.keys()]),
  ]);
  // `data/*` with `!data/.gitkeep` ignores what is in the folder but not the folder.
  const inData = await Promise.all(
    top.filter((name) => dataFolders.has(name)).map(async (name) => childrenOf(root, name)),
  );
  const dataPaths = new Set([...dataFolders, ...inData.flat()]);
  const inRoot = async (names: readonly string[]): Promise<Set<string>> =>
    new Set(await Promise.all(names.filter(isInsidePath).map(async (name) => upToLink(root, name))));
  const [named, links] = await Promise.all([inRoot(request.dataPaths), inRoot(request.links)]);
  const ignored = deeper.paths.map((name) => displayPath(name.replace(/\/$/, "")));
  const restored = ignored.filter(isMarker).map((marker) => path.posix.dirname(marker));
  const candidates = new Set([
    ...named,
    ...links,
    ...excluded,
    ...restored,
    ...top,
    ...inData.flat(),
    ...ignored,
  ]);
  const rules = await shadow.rules([...candidates].map(bytePath), signal);

  const linked: LinkedPath[] = [];
  const leftOut: LeftOutPath[] = restored.map((name) => ({
    path: name,
    reason: RESTORED_REASON,
    bytes: null,
    sendable: false,
  }));
  const unlinked: LeftOutPath[] = [];
  const settled = new Set(restored);
  const [sent, mapped] = [new Set(request.sent), new Set(request.mapped)];
  const link = async (name: string, why: string): Promise<void> => {
    const target = await realpath(path.join(root, name)).catch(() => null);
    if (target !== null && isInsidePath(name)) linked.push({ path: name, target, reason: why });
  };

  for (const name of candidates) {
    const byPerson = request.excluded.get(name);
    const rule = rules.get(bytePath(name));
    if ((byPerson === undefined && rule === undefined) || isUnremarkable(name)) continue;
    if (isIn(name, settled) || isIn(name, mapped)) continue;
    // In what is sent something may be left out.
    if (byPerson === undefined && isIn(name, sent)) continue;
    settled.add(name);
    const reason = byPerson ?? describeRule(rule, shadow);
    const why = links.has(name)
      ? `linked by you; ${reason}`
      : named.has(name)
        ? `named under data: in the configuration; ${reason}`
        : dataPaths.has(name) && byPerson === undefined
          ? `a data folder; ${reason}`
          : null;
    if (why !== null && request.linkable) await link(name, why);
    else {
      const linkable = request.linkable && byPerson === undefined && isInsidePath(name);
      const sendable = (byPerson === undefined || byPerson === LEFT_OUT_REASON) && isInsidePath(name);
      const left = { path: name, reason, bytes: null, linkable, sendable };
      leftOut.push(left);
      if (why !== null) unlinked.push(left);
    }
  }
  if (!deeper.isWhole) leftOut.push({ path: "...", reason: "and more that git ignores", bytes: null });
  return { linked, leftOut, unlinked };
}

/** The root and the folder that the run starts in, as what stands in front of the names there. */
function topsOf(directory: string): string[] {
  return directory === "." ? [""] : ["", `${directory}/`];
}

function isUnremarkable(name: string): boolean {
  return UNREMARKABLE.has(path.posix.basename(name));
}

function isMarker(name: string): boolean {
  return path.posix.basename(name) === RESTORED_MARKER && name !== RESTORED_MARKER;
}

/** Whether the path, or a folder that it lies in, is among them. */
function isIn(name: string, folders: ReadonlySet<string>): boolean {
  for (let at = name.length; at > 0; at = name.lastIndexOf("/", at - 1))
    if (folders.has(name.slice(0, at))) return true;
  return false;
}

/**
 * A path that is linked must hold nothing of the snapshot (a `data/` that is ignored but for a tracked `.gitkeep`), nor
 * a path that is mapped: then what is in it is linked, one by one.
 */
export async function settleLinks(
  root: string,
  linked: readonly LinkedPath[],
  snapshotHas: (folder: string) => boolean,
  mapped: readonly string[],
): Promise<LinkedPath[]> {
  const settled: LinkedPath[] = [];
  for (const link of linked) {
    if (settled.length >= MOST_CHILDREN) break;
    if (isIn(link.path, new Set(mapped))) continue;
    if (!snapshotHas(link.path) && !mapped.some((name) => name.startsWith(`${link.path}/`))) {
      settled.push(link);
      continue;
    }
    const inner: LinkedPath[] = [];
    for (const child of await childrenOf(root, link.path)) {
      const target = await realpath(path.join(root, child)).catch(() => null);
      if (target !== null && isInsidePath(child)) inner.push({ path: child, target, reason: link.reason });
    }
    settled.push(...(await settleLinks(root, inner, snapshotHas, mapped)));
  }
  return settled;
}

/**
 * A virtual environment at the top (of the root, or of the folder that the run starts in) is made for one machine and
 * never part of the code; its python is named apart.
 */
export async function findEnvironments(root: string, directory: string): Promise<string[]> {
  const signs = ["pyvenv.cfg", "conda-meta"];
  const found = await Promise.all(
    topsOf(directory).map(async (base) => {
      const names = await readdir(path.join(root, base), { withFileTypes: true });
      const folders = names.filter((entry) => entry.isDirectory()).map(({ name }) => base + name);
      const marked = await present(
        root,
        folders.flatMap((folder) => signs.map((sign) => `${folder}/${sign}`)),
      );
      return marked.map((sign) => path.posix.dirname(sign));
    }),
  );
  return found.flat();
}

async function remarkableIn(root: string, base: string): Promise<string[]> {
  const names = await namesIn(path.join(root, base));
  return names.map((name) => base + name).filter((name) => !isUnremarkable(name));
}

/** Those of the paths at which there is something. */
async function present(root: string, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    names.map(async (name) =>
      lstat(path.join(root, name)).then(
        () => name,
        () => null,
      ),
    ),
  );
  return found.filter((name) => name !== null);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** A path that leads through a link is the link's: to git there is nothing behind it. */
async function upToLink(root: string, name: string): Promise<string> {
  for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
    const found = await lstat(path.join(root, name.slice(0, end))).catch(() => null);
    if (found?.isSymbolicLink()) return name.slice(0, end);
  }
  return name;
}

async function childrenOf(root: string, folder: string): Promise<string[]> {
  const found = await lstat(path.join(root, folder)).catch(() => null);
  if (!found?.isDirectory()) return [];
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
