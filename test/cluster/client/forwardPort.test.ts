/** A forwarded port, with a real server at its far end. */
import { once } from "node:events";
import net from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { forwardPort } from "../../../src/cluster/client/forwardPort.ts";
import { UserError } from "../../../src/cluster/client/userError.ts";

/** Sends everything back in capitals once the other side has said all it has to say. */
async function server(): Promise<number> {
  const listening = net.createServer({ allowHalfOpen: true }, (socket) => {
    let heard = "";
    socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    socket.once("end", () => socket.end(heard.toUpperCase()));
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => void listening.close());
  return (listening.address() as net.AddressInfo).port;
}

async function say(port: number, words: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  socket.end(words);
  await once(socket, "close");
  return answer;
}

const through = (port: number) => () =>
  Promise.resolve(net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }));
const noProblem = (error: unknown): void => expect.unreachable(String(error));

it("carries both ways, as often as one likes, at another number where its own is taken", async () => {
  const port = await server();
  const forwarded = await forwardPort(port, through(port), noProblem);
  onTestFinished(forwarded.close);
  expect(forwarded.localPort).not.toBe(port);
  expect(await Promise.all(["one", "two", "three"].map((words) => say(forwarded.localPort, words)))).toEqual([
    "ONE",
    "TWO",
    "THREE",
  ]);
});

it("has its own number where that is free", async () => {
  const [far, free] = [await server(), net.createServer()];
  free.listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as net.AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const forwarded = await forwardPort(port, through(far), noProblem);
  onTestFinished(forwarded.close);
  expect(forwarded.localPort).toBe(port);
});

it("listens on the loopback alone", async () => {
  const port = await server();
  const forwarded = await forwardPort(port, through(port), noProblem);
  onTestFinished(forwarded.close);
  const elsewhere = net.connect(forwarded.localPort, "127.0.0.2");
  await expect(once(elsewhere, "connect")).rejects.toThrow(/ECONNREFUSED/);
});

it("ends what goes through it when it is closed", async () => {
  const port = await server();
  const forwarded = await forwardPort(port, through(port), noProblem);
  const socket = net.connect(forwarded.localPort, "127.0.0.1");
  await once(socket, "connect");
  const ended = once(socket.resume(), "close");
  forwarded.close();
  await ended;
  await expect(once(net.connect(forwarded.localPort, "127.0.0.1"), "connect")).rejects.toThrow(
    /ECONNREFUSED/,
  );
});

it("says what stands in the way, and hangs up", async () => {
  const problems: unknown[] = [];
  const refused = new UserError("The host forbids it.");
  const forwarded = await forwardPort(1, () => Promise.reject(refused), (error) => problems.push(error)); // prettier-ignore
  onTestFinished(forwarded.close);
  expect(await say(forwarded.localPort, "hello").catch(() => "")).toBe("");
  expect(problems).toEqual([refused]);
});
