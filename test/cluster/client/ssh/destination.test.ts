import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDestination, showDestination } from "../../../../src/cluster/client/ssh/destination.ts";
import { UserError } from "../../../../src/cluster/client/userError.ts";

describe("what a person types", () => {
  it.each([
    ["gpu1", { user: null, host: "gpu1", port: null }],
    ["  gpu1 ", { user: null, host: "gpu1", port: null }],
    ["GPU_1.example.org.", { user: null, host: "GPU_1.example.org.", port: null }],
    ["ada@gpu1", { user: "ada", host: "gpu1", port: null }],
    ["ada@gpu1:2200", { user: "ada", host: "gpu1", port: 2200 }],
    ["gpu1:22", { user: null, host: "gpu1", port: 22 }],
    ["ssh://ada@gpu1:2200", { user: "ada", host: "gpu1", port: 2200 }],
    ["SSH://gpu1/", { user: null, host: "gpu1", port: null }],
    ["ssh://SITE%5Cada@gpu1", { user: "SITE\\ada", host: "gpu1", port: null }],
    ["[::1]:22", { user: null, host: "::1", port: 22 }],
    ["ada@[2001:db8::1]", { user: "ada", host: "2001:db8::1", port: null }],
    ["ssh://[::1]:2200", { user: null, host: "::1", port: 2200 }],
    ["2001:db8::1", { user: null, host: "2001:db8::1", port: null }],
    ["fe80::1%eth0", { user: null, host: "fe80::1%eth0", port: null }],
    ["[gpu1]:2200", { user: null, host: "gpu1", port: 2200 }],
    ["10.0.0.1", { user: null, host: "10.0.0.1", port: null }],
    ["ada@cluster@gateway", { user: "ada@cluster", host: "gateway", port: null }],
    ["bücher.example", { user: null, host: "bücher.example", port: null }],
  ])("%s", (text, parts) => {
    expect(parseDestination(text)).toEqual(parts);
  });

  it.each([
    ["", "the host is missing"],
    ["ada@", "the host is missing"],
    ["@gpu1", "the user is missing"],
    ["-oProxyCommand=touch", "a host does not start with a dash"],
    ["-l@gpu1", "a user does not start with a dash"],
    ["ada@-gpu1", "a host does not start with a dash"],
    ["gpu 1", "a host has no spaces"],
    ["gpu1\nHost", "a host has no spaces"],
    ["gpu\u0000", "a host has no spaces"],
    ["gpu\u202e1", "a host has no spaces"],
    ["a da@gpu1", "a user has no spaces"],
    ["gpu1;id", "not the name of a host"],
    ["$(id)@gpu1", "not the name of a user"],
    ["ada:secret@gpu1", "a password is asked for later"],
    ["gpu*", "not the name of a host"],
    ["%h", "not the name of a host"],
    ["ssh://gpu1/home/ada", "a path or a query"],
    ["ssh://gpu1?x=1", "a path or a query"],
    ["gpu1/home", "a path or a query"],
    ["https://gpu1", "https:// is not SSH"],
    ["ssh://%zz@gpu1", "is not encoded"],
    ["gpu1:", "a port is a number"],
    ["gpu1:ssh", "a port is a number"],
    ["gpu1:0x16", "a port is a number"],
    ["gpu1:0", "a port is at least 1"],
    ["gpu1:65536", "a port is at most 65535"],
    ["[::1", "not the name of a host"],
    ["[::1]22", "not the name of a host"],
    ["1:2:3", "not the name of a host"],
  ])("refuses %j", (text, why) => {
    const attempt = (): unknown => parseDestination(text);
    expect(attempt).toThrow(why);
    expect(attempt).toThrow(UserError);
  });

  it("refuses what is too long, and does not repeat all of it", () => {
    expect(() => parseDestination("x".repeat(300))).toThrow("the host is too long");
    expect(() => parseDestination("x".repeat(100_000))).toThrow(/^.{0,100}it is too long\.$/);
  });
});

const name = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}$/);
const destinations = fc.record({
  user: fc.option(fc.stringMatching(/^[a-z\\@+#][a-z0-9@.+]{0,10}$/).filter((user) => !user.endsWith("\\"))),
  host: fc.oneof(
    name,
    fc.ipV6().filter((host) => host.includes(":")),
    fc.ipV4(),
  ),
  port: fc.option(fc.integer({ min: 1, max: 65_535 })),
});

it("reads back what it shows", () => {
  fc.assert(
    fc.property(destinations, (destination) => {
      expect(parseDestination(showDestination(destination))).toEqual(destination);
    }),
  );
});

it("takes nothing that ssh itself refuses, and means the same by it", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 12 }), destinations.map(showDestination)), (text) => {
      let parsed;
      try {
        parsed = parseDestination(text);
      } catch {
        return;
      }
      const { user, host, port } = parsed;
      const typed = showDestination({ user, host, port: null });
      const args = ["-F", "none", "-G", "-T", ...(port === null ? [] : ["-p", String(port)]), "--", typed];
      const said = execFileSync("ssh", args).toString();
      expect(said).toContain(`host ${host}\n`);
      if (user !== null) expect(said).toContain(`user ${user}\n`);
      if (port !== null) expect(said).toContain(`\nport ${port}\n`);
    }),
    { numRuns: 60 },
  );
  // The oracle does refuse.
  expect(spawnSync("ssh", ["-F", "none", "-G", "--", "a;b"]).status).toBe(255);
});
