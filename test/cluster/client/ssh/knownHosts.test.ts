import { spawnSync, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  judge,
  type KnownKey,
  knownTypes,
  parseKnownHosts,
  readKnownHosts,
} from "../../../../src/cluster/client/ssh/knownHosts.ts";
import { makeKey } from "./keys.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "trainyard-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const one = makeKey(folder);
const other = makeKey(folder);
const ecdsa = makeKey(folder, ["-t", "ecdsa"]);

function known(...lines: string[]): KnownKey[] {
  return parseKnownHosts(lines.join("\n"), "known_hosts");
}

/** The lines that ssh-keygen finds for a name. */
function found(file: string, name: string): number[] {
  const { stdout } = spawnSync("ssh-keygen", ["-F", name, "-f", file]);
  return [...stdout.toString().matchAll(/found: line (\d+)/g)].map(([, line]) => Number(line));
}

/** The lines that we find. */
function matching(keys: readonly KnownKey[], name: string): number[] {
  return keys.filter((key) => key.matches(name)).map((key) => Number(/\d+$/.exec(key.where)?.[0]));
}

describe("the verdict", () => {
  it("known, changed, unknown, with the types that are known", () => {
    const keys = known(`gpu1,10.0.0.1 ${one.line} a comment`, `gpu2 ${ecdsa.line}`);
    expect(judge(keys, "gpu1", one.blob)).toEqual({ kind: "known" });
    expect(judge(keys, "10.0.0.1", one.blob)).toEqual({ kind: "known" });
    expect(judge(keys, "gpu1", other.blob)).toEqual({ kind: "changed", where: "known_hosts, line 1" });
    expect(judge(keys, "gpu3", one.blob)).toEqual({ kind: "unknown", others: [] });
    // Another type is no change; the client asks for the known type first.
    expect(judge(keys, "gpu2", one.blob)).toEqual({ kind: "unknown", others: ["ecdsa-sha2-nistp256"] });
    expect(knownTypes(keys, "gpu2")).toEqual(["ecdsa-sha2-nistp256"]);
    expect(knownTypes(keys, "gpu3")).toEqual([]);
  });

  it("a host may have several keys of a type, in several files", () => {
    const keys = [...known(`gpu1 ${other.line}`), ...parseKnownHosts(`gpu1 ${one.line}\n`, "second")];
    expect(judge(keys, "gpu1", one.blob)).toEqual({ kind: "known" });
    expect(knownTypes(keys, "gpu1")).toEqual(["ssh-ed25519"]);
  });

  it("revoked wins, wherever it stands", () => {
    const keys = known(`gpu1 ${one.line}`, `@revoked * ${one.line}`, `gpu1 ${ecdsa.line}`);
    expect(judge(keys, "gpu1", one.blob)).toEqual({ kind: "revoked", where: "known_hosts, line 2" });
    expect(judge(keys, "[new]:2200", one.blob)).toEqual({ kind: "revoked", where: "known_hosts, line 2" });
    expect(judge(keys, "gpu2", other.blob)).toEqual({ kind: "unknown", others: [] });
    expect(knownTypes(keys, "gpu1")).toEqual(["ecdsa-sha2-nistp256"]);
  });

  it("an authority's key is no host's", () => {
    const keys = known(`@cert-authority *.example ${one.line}`);
    expect(keys).toHaveLength(1);
    expect(judge(keys, "a.example", one.blob)).toEqual({ kind: "unknown", others: [] });
    expect(judge(keys, "a.example", other.blob)).toEqual({ kind: "unknown", others: [] });
  });

  it("ports: a name of its own, and the host's key where that is unknown", () => {
    const keys = known(`gpu1 ${one.line}`, `[gpu2]:2200 ${one.line}`, `[::1]:2200 ${one.line}`);
    expect(judge(keys, "[gpu1]:2200", one.blob)).toEqual({ kind: "known" });
    expect(judge(keys, "[gpu1]:2200", other.blob)).toEqual({ kind: "unknown", others: [] });
    expect(judge(keys, "[gpu2]:2200", one.blob)).toEqual({ kind: "known" });
    expect(judge(keys, "[gpu2]:2200", other.blob).kind).toBe("changed");
    expect(judge(keys, "gpu2", one.blob)).toEqual({ kind: "unknown", others: [] });
    expect(judge(keys, "[gpu2]:22001", one.blob)).toEqual({ kind: "unknown", others: [] });
    expect(judge(keys, "[::1]:2200", one.blob)).toEqual({ kind: "known" });
  });
});

describe("the file", () => {
  it("passes over what it cannot read, in any kind of line ends", () => {
    const text = [
      "",
      "# a comment",
      "   # another",
      `#gpu1 ${other.line}`,
      "gpu1",
      "gpu1 ssh-ed25519",
      "gpu1 ssh-ed25519 not-base64!",
      `gpu1 ssh-rsa ${one.line.split(" ")[1] ?? ""}`,
      `gpu1 ${other.line.slice(0, -8)}`,
      `@unheard-of gpu1 ${other.line}`,
      `@revoked @revoked gpu1 ${one.line}`,
      `|2|x|y ${other.line}`,
      `|1|x ${other.line}`,
      "gpu1 1024 35 1234567890",
      `\t gpu1 \t ${one.line.replace(" ", "\t")}`,
      "\u0000\u0001\ufffd",
    ];
    for (const end of ["\n", "\r\n"]) {
      const keys = parseKnownHosts(text.join(end), "known_hosts");
      expect(keys.map(({ where }) => where)).toEqual(["known_hosts, line 15"]);
      expect(judge(keys, "gpu1", one.blob)).toEqual({ kind: "known" });
    }
  });

  it("is read as ssh-keygen hashes it", async () => {
    const names = ["gpu1", "[gpu1]:2200", "10.0.0.1", "::1", "[::1]:2200"];
    const file = path.join(folder, "hashed");
    writeFileSync(file, names.map((name) => `${name} ${one.line}\n`).join(""));
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
    expect(readFileSync(file, "utf8")).not.toContain("gpu1");
    const keys = await readKnownHosts([path.join(folder, "missing"), folder, file]);
    for (const name of names) {
      expect(judge(keys, name, one.blob)).toEqual({ kind: "known" });
      expect(judge(keys, name, other.blob).kind).toBe("changed");
      expect(matching(keys, name)).toEqual(found(file, name));
    }
    expect(judge(keys, "gpu2", one.blob)).toEqual({ kind: "unknown", others: [] });
  });
});

describe("whose line it is", () => {
  const piece = fc.stringMatching(/^[abA.*?]{1,6}$/);
  const pattern = fc.tuple(fc.constantFrom("", "", "!"), piece).map((parts) => parts.join(""));
  const lists = fc.array(pattern, { minLength: 1, maxLength: 4 });
  const hosts = fc.stringMatching(/^[ab.]{1,8}$/);

  /** The manual, word for word. */
  function naive(patterns: readonly string[], name: string): boolean {
    const fits = (text: string): boolean =>
      new RegExp(
        `^${text.toLowerCase().replace(/[.]/g, "\\.").replace(/[*]+/g, ".*").replace(/[?]/g, ".")}$`,
      ).test(name);
    if (patterns.some((text) => text.startsWith("!") && fits(text.slice(1)))) return false;
    return patterns.some((text) => !text.startsWith("!") && fits(text));
  }

  it("agrees with the manual", () => {
    fc.assert(
      fc.property(lists, hosts, (patterns, name) => {
        expect(matching(known(`${patterns.join(",")} ${one.line}`), name)).toEqual(
          naive(patterns, name) ? [1] : [],
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it("agrees with ssh-keygen", () => {
    const file = path.join(folder, "property");
    fc.assert(
      fc.property(fc.array(lists, { minLength: 1, maxLength: 20 }), hosts, (lines, name) => {
        const text = lines.map((patterns) => `${patterns.join(",")} ${one.line}\n`).join("");
        writeFileSync(file, text);
        expect(matching(parseKnownHosts(text, file), name)).toEqual(found(file, name));
      }),
      { numRuns: 60 },
    );
  });

  it("stays fast for a pattern made to be slow", () => {
    const keys = known(`${"*a".repeat(500)}b ${one.line}`);
    expect(matching(keys, "a".repeat(5_000))).toEqual([]);
  });
});
