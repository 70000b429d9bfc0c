import { describe, expect, it } from "vitest";
import {
  applyLooks,
  choosePaths,
  unreadableFolders,
  type Facts,
} from "../../../../src/cluster/client/snapshot/choose.ts";

const NOTHING: Facts = {
  entries: new Map(),
  scanned: new Set(),
  tracked: [],
  ignoredNow: [],
  nested: { folders: [], files: [], listed: new Set() },
  never: [],
};

describe("choosePaths", () => {
  it("reads what is new or changed, and tracked files once", () => {
    const { wanted, remove } = choosePaths({
      ...NOTHING,
      entries: new Map([["known.log", 1]]),
      scanned: new Set(["new.py"]),
      tracked: ["known.log", "tracked.log"],
      ignoredNow: ["known.log"],
    });
    expect([...wanted]).toEqual(["new.py", "tracked.log"]);
    expect([...remove]).toEqual([]);
  });

  it("lets nothing out of a folder that is never sent, and nothing beside it go", () => {
    const { wanted, remove } = choosePaths({
      ...NOTHING,
      entries: new Map([
        ["big/a", 1],
        ["bigger", 1],
      ]),
      scanned: new Set(["big/b", "big2/c"]),
      never: ["big"],
    });
    expect([...wanted]).toEqual(["big2/c"]);
    expect([...remove]).toEqual(["big/a"]);
  });

  it("goes by a nested repository's own list", () => {
    const { wanted, remove } = choosePaths({
      ...NOTHING,
      entries: new Map([
        ["lib/old", 1],
        ["lib/kept", 1],
      ]),
      scanned: new Set(["lib/ignored-there", "lib/kept", "lib2/"]),
      nested: { folders: ["lib"], files: ["lib/kept", "lib/new"], listed: new Set(["lib/kept", "lib/new"]) },
    });
    expect([...wanted].sort()).toEqual(["lib/kept", "lib/new"]);
    expect([...remove]).toEqual(["lib/old"]);
  });
});

describe("applyLooks", () => {
  const file = (
    name: string,
    bytes: number,
  ): { name: string; bytes: number; state: string; problem: null } => ({
    name,
    bytes,
    state: `state of ${name}`,
    problem: null,
  });

  it("takes sizes, drops what is gone, and forgets what cannot be read", () => {
    const known = new Map([
      ["changed", 1],
      ["gone", 2],
      ["closed", 3],
      ["kept", 4],
    ]);
    const gone = { name: "gone", bytes: 0, state: null, problem: null };
    const closed = { name: "closed", bytes: 0, state: null, problem: "cannot be read: permission denied" };
    const changes = applyLooks(known, [file("changed", 10), gone, closed, file("new", 5)], new Set());
    expect(Object.fromEntries(changes.entries)).toEqual({ changed: 10, kept: 4, new: 5 });
    expect(changes.stage).toEqual(["changed", "gone", "new"]);
    expect(changes.remove).toEqual(["closed"]);
    expect(changes.unreadable).toEqual([{ path: "closed", reason: "cannot be read: permission denied" }]);
    expect(known.size).toBe(4);
  });

  it("does not follow a folder that has become a link", () => {
    const known = new Map([["pkg/mod.py", 1]]);
    const changes = applyLooks(known, [file("pkg", 9), file("pkg/mod.py", 2)], new Set());
    expect(changes.stage).toEqual(["pkg"]);
    expect([...changes.entries.keys()]).toEqual(["pkg"]);
  });
});

describe("unreadableFolders", () => {
  it("reads git's warnings", () => {
    const stderr = "warning: could not open directory 'a b/': Permission denied\nwarning: something else\n";
    expect(unreadableFolders(stderr)).toEqual([{ path: "a b", reason: "cannot be read: Permission denied" }]);
  });
});
