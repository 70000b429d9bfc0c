/** The link against a real socket whose server is stopped, started and replaced under it. */
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connect, type PoolConnection } from "../../../src/cluster/client/connection.ts";
import { PoolLink, type LinkState } from "../../../src/cluster/client/link.ts";
import { PoolCallError } from "../../../src/cluster/client/poolCallError.ts";
import { PersonNeededError } from "../../../src/cluster/client/userError.ts";
import type { PoolEvent } from "../../../src/cluster/protocol/events.ts";
import { POOL, rig, type Rig } from "../server/rpc/rig.ts";

const links: PoolLink[] = [];
afterEach(() => {
  for (const link of links.splice(0)) link.close();
});
function follow(open: () => Promise<PoolConnection>): {
  link: PoolLink;
  states: LinkState[];
} {
  const link = new PoolLink(open);
  links.push(link);
  const states: LinkState[] = [];
  link.onDidChangeState((state) => void states.push(state));
  return { link, states };
}

const snapshot = { experiments: [], trials: [], runs: [], checkpoints: [], slots: [] };
const slotsEvent = (seq: number): PoolEvent => ({ seq, at: 0, change: { type: "slots", slots: [] } });

/** A pool that keeps what it was asked. */
async function pool(
  id = POOL.id,
): Promise<
  Rig & { subscribed: (number | null)[]; watched: string[][]; answers: { subscribe: () => object } }
> {
  const [subscribed, watched]: [(number | null)[], string[][]] = [[], []];
  const answers = { subscribe: (): object => ({ seq: 5, snapshot }) };
  const made = await rig(() => ({
    hello: () => ({ protocol: { major: 1, minor: 0 }, pool: { ...POOL, id } }),
    subscribe: ({ after }: { after: number | null }) => {
      subscribed.push(after);
      return answers.subscribe();
    },
    watch: ({ trialIds }: { trialIds: string[] }) => {
      watched.push(trialIds);
      return {};
    },
  }));
  return { ...made, subscribed, watched, answers };
}

describe("a link", () => {
  it("does nothing until it is needed, connects once for all who ask, and closes for good", async () => {
    const server = await pool();
    const { link, states } = follow(server.connect);
    expect(link.state.state).toBe("idle");
    const [one, two] = await Promise.all([link.connection(), link.connection()]);
    expect(one).toBe(two);
    expect(link.isConnected).toBe(true);
    link.close();
    await expect(link.connection()).rejects.toThrow("closed");
    expect(states.map(({ state }) => state)).toEqual(["connecting", "connected", "closed"]);
    await expect.poll(() => server.rpc.clientCount()).toBe(0);
  });

  it("names the last number that it has after a loss, and what it watches", async () => {
    const server = await pool();
    const { link } = follow(server.connect);
    link.watch(["1.1"]);
    const first = await link.connection();
    server.rpc.broadcaster.notify(1, "events", { after: 5, events: [slotsEvent(7)] });
    await expect.poll(() => link.mirror.seq).toBe(7);
    server.answers.subscribe = () => ({ seq: 7, snapshot: null });
    first.close();
    await expect.poll(() => server.watched).toEqual([["1.1"], ["1.1"]]);
    expect(server.subscribed).toEqual([null, 7]);
    expect(link.mirror.seq).toBe(7);
  });

  it("takes nothing over from another pool in the same place", async () => {
    const [before, after] = [await pool(), await pool("11111111-1111-1111-1111-111111111111")];
    let current = before;
    const { link } = follow(() => current.connect());
    const first = await link.connection();
    current = after;
    first.close();
    await expect.poll(() => after.subscribed).toEqual([null]);
  });

  it("asks again when events are missing, once however many batches tell of it", async () => {
    const server = await pool();
    const { link } = follow(server.connect);
    await link.connection();
    server.answers.subscribe = () => ({ seq: 20, snapshot });
    for (const after of [10, 12, 14])
      server.rpc.broadcaster.notify(1, "events", { after, events: [slotsEvent(after + 1)] });
    await expect.poll(() => link.mirror.seq).toBe(20);
    expect(server.subscribed).toEqual([null, 5]);
  });

  it("starts over when it cannot learn what it missed", async () => {
    const server = await pool();
    const { link, states } = follow(server.connect);
    await link.connection();
    server.answers.subscribe = () => {
      server.answers.subscribe = () => ({ seq: 30, snapshot });
      throw new Error("the disk is full");
    };
    server.rpc.broadcaster.notify(1, "events", { after: 10, events: [slotsEvent(11)] });
    await expect.poll(() => link.mirror.seq).toBe(30);
    expect(states.map(({ state }) => state)).toEqual([
      "connecting",
      "connected",
      "waiting",
      "connecting",
      "connected",
    ]);
  });

  it("leaves no connection behind when it cannot subscribe, and says what is wrong", async () => {
    const server = await pool();
    server.answers.subscribe = () => {
      throw Object.assign(new Error("The database is locked."), { reason: "unavailable", remedy: "Wait." });
    };
    const { link } = follow(server.connect);
    await expect(link.connection()).rejects.toThrow("The database is locked.");
    const state = link.state;
    expect(state).toMatchObject({ state: "waiting", detail: "The database is locked.", remedy: "Wait." });
    await expect.poll(() => server.rpc.clientCount()).toBe(0);
    server.answers.subscribe = () => ({ seq: 1, snapshot });
    await expect.poll(() => link.isConnected).toBe(true);
  });

  it("waits longer after each failure, and not at all when asked to try now", async () => {
    let attempts = 0;
    const { link, states } = follow(() => {
      attempts++;
      return Promise.reject(new Error("nobody is there"));
    });
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      await link.connection().catch(() => undefined);
      const { state } = link;
      if (state.state === "waiting") waits.push(state.retryAt - Date.now());
    }
    expect(attempts).toBe(12);
    expect(waits).toHaveLength(12);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
    expect(waits[0]).toBeLessThanOrEqual(400);
    expect(states.at(-1)).toMatchObject({ state: "waiting", detail: "nobody is there" });
    link.retryNow();
    expect(attempts).toBe(13);
  });

  it("does not try again by itself when the versions do not fit", async () => {
    let attempts = 0;
    const { link } = follow(() => {
      attempts++;
      return Promise.reject(new PoolCallError("version", "too old", "Update the pool server."));
    });
    await expect(link.connection()).rejects.toThrow("too old");
    expect(link.state).toEqual({ state: "failed", detail: "too old", remedy: "Update the pool server." });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(attempts).toBe(1);
    link.retryNow();
    expect(attempts).toBe(2);
  });

  it("is waited for through failed attempts, and not by who has given up", async () => {
    const server = await pool();
    let isThere = false;
    const { link } = follow(() =>
      isThere ? server.connect() : Promise.reject(new Error("nobody is there")),
    );
    const cancel = new AbortController();
    const givenUp = link.whenConnected(cancel.signal);
    const waiting = link.whenConnected();
    await expect.poll(() => link.state.state).toBe("waiting");
    cancel.abort();
    await expect(givenUp).rejects.toThrow(/abort/i);
    isThere = true;
    expect((await waiting).pool.id).toBe(POOL.id);
  });

  it("is not waited for when only a person can help, or when it was closed", async () => {
    const { link } = follow(() => Promise.reject(new PersonNeededError("A password is asked for.")));
    await expect(link.whenConnected()).rejects.toThrow("A password is asked for.");
    const { link: other } = follow(() => Promise.reject(new Error("nobody is there")));
    const waiting = other.whenConnected();
    await expect.poll(() => other.state.state).toBe("waiting");
    other.close();
    await expect(waiting).rejects.toThrow("closed");
  });

  it("gives up a suspected connection that does not answer, and keeps one that does", async () => {
    const server = await pool();
    const streams: Socket[] = [];
    const { link, states } = follow(() =>
      connect(
        async () => {
          const stream = await server.stream();
          streams.push(stream);
          return stream;
        },
        { name: "test", version: "0.1.0" },
      ),
    );
    const first = await link.connection();
    await link.suspect();
    expect(await link.connection()).toBe(first);
    // From here on the link swallows what the pool says.
    streams[0]?.removeAllListeners("data").resume();
    await link.suspect();
    await expect.poll(() => link.isConnected).toBe(true);
    expect(await link.connection()).not.toBe(first);
    expect(states.map(({ state }) => state)).toEqual([
      "connecting",
      "connected",
      "waiting",
      "connecting",
      "connected",
    ]);
    await expect.poll(() => server.rpc.clientCount()).toBe(1);
  });

  it("drops a connection that comes after it was closed", async () => {
    const server = await pool();
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const { link, states } = follow(async () => {
      await gate;
      return server.connect();
    });
    const waiting = link.connection();
    link.close();
    letGo();
    await expect(waiting).rejects.toThrow("closed");
    await expect.poll(() => server.rpc.clientCount()).toBe(0);
    expect(states.map(({ state }) => state)).toEqual(["connecting", "closed"]);
  });

  it("passes on what is live, to whoever listens", async () => {
    const server = await pool();
    const { link } = follow(server.connect);
    const heard: (number | null)[] = [];
    const stop = link.onLive(({ progress }) => void heard.push(progress));
    await link.connection();
    const tell = (progress: number) =>
      server.rpc.broadcaster.notify(1, "live", { trialId: "1.1", progress, series: [], output: null });
    tell(0.5);
    await expect.poll(() => heard).toEqual([0.5]);
    stop();
    tell(0.6);
    await (await link.connection()).call("watch", { trialIds: [] });
    expect(heard).toEqual([0.5]);
  });
});
