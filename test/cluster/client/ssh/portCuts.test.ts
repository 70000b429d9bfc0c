/** A forwarded port while the link is cut and comes back. */
import { once } from "node:events";
import http from "node:http";
import type net from "node:net";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { forwardPort } from "../../../../src/cluster/client/forwardPort.ts";
import { PoolLink } from "../../../../src/cluster/client/link.ts";
import { connectSshPool } from "../../../../src/cluster/client/ssh/sshPool.ts";
import { buildBundles, rig } from "./poolRig.ts";

beforeAll(buildBundles, 120_000);

it("hangs up while the link is away, and carries again when it is back", async () => {
  const server = http.createServer((_request, response) => response.end("served"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as net.AddressInfo;
  const at = await rig();
  const link = new PoolLink(() => connectSshPool(at.options()));
  onTestFinished(() => link.close());
  const forwarded = await forwardPort(
    port,
    async () => {
      const { host } = await link.connection();
      if (host === null) throw new Error("no host");
      return host.openPort(port);
    },
    () => undefined,
  );
  onTestFinished(forwarded.close);
  const ask = (): Promise<string> =>
    fetch(`http://127.0.0.1:${forwarded.localPort}`, { signal: AbortSignal.timeout(60_000) }).then(
      (response) => response.text(),
      String,
    );
  expect(await ask()).toBe("served");
  for (let cut = 0; cut < 3; cut += 1) {
    const during = Array.from({ length: 10 }, ask);
    at.host.cut();
    during.push(...Array.from({ length: 10 }, ask));
    // Answered, or hung up on; none is left waiting.
    expect((await Promise.all(during)).join("\n")).not.toContain("TimeoutError");
    await expect.poll(ask, { timeout: 30_000 }).toBe("served");
  }
}, 200_000);
