import { expect, onTestFinished, test } from "vitest";
import { readTable } from "../../../../src/cluster/server/runs/ports.ts";
import { openTestServer } from "../testServer.ts";

const SERVES = `import os, socket, subprocess, sys, time
def listen(address, family=socket.AF_INET):
    made = socket.socket(family)
    made.bind((address, 0))
    made.listen()
    return made
if len(sys.argv) > 1:
    served = listen("0.0.0.0")
    print(served.getsockname()[1], flush=True)
    time.sleep(600)
here, elsewhere = listen("127.0.0.1"), listen("127.0.0.2")
child = subprocess.Popen([sys.executable, __file__, "child"], stdout=subprocess.PIPE, text=True)
theirs = child.stdout.readline().strip()
with open("ports.tmp", "w") as file:
    file.write("%d %s %d" % (here.getsockname()[1], theirs, elsewhere.getsockname()[1]))
os.rename("ports.tmp", "ports")
while not os.path.exists("go"): time.sleep(0.01)
child.kill()
`;

test("a run's own processes and what they started are found, what 127.0.0.1 does not reach is not", async () => {
  const server = await openTestServer();
  onTestFinished(() => server.close(), 30_000);
  const other = await server.submit({ "train.py": "print(1)" });
  await server.untilState(other, "completed");
  const trialId = await server.submit({ "train.py": SERVES });
  const runId = `${trialId}.1`;
  const ports = async (): Promise<number[]> =>
    (await server.call("run/ports", { runId })).ports.map(({ port }) => port);
  await server.untilState(trialId, "running");
  await expect.poll(async () => (await ports()).length, { timeout: 20_000 }).toBe(2);
  const listed = await server.call("run/ports", { runId });
  expect(listed.ports.every(({ process }) => process.startsWith("python"))).toBe(true);
  expect(await server.call("run/ports", { runId: `${other}.1` })).toEqual({ ports: [] });
  await server.writeInto(runId, "go", "");
  await server.untilState(trialId, "completed");
  expect(await ports()).toEqual([]);
});

test("a table of the kernel's: what listens, and where 127.0.0.1 reaches it", () => {
  const line = (address: string, state: string, inode: number): string =>
    `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0`;
  const text = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    line("0100007F:1776", "0A", 11),
    line("00000000:22B8", "0A", 12),
    line("0100007F:0050", "01", 13),
    line("0200007F:0051", "0A", 14),
    line("0A00000A:0052", "0A", 15),
    line(`${"0".repeat(32)}:0053`, "0A", 16),
    line("00000000000000000000000001000000:0054", "0A", 17),
    "",
  ].join("\n");
  expect([...readTable(text)]).toEqual([
    ["11", 6006],
    ["12", 8888],
    ["16", 0x53],
  ]);
});
