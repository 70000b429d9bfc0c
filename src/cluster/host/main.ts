/**
 * On an SSH pool's host, started there by its client (client/ssh/hostScripts.ts): finds or starts the pool's server and
 * says where it listens or which other host of a shared home has it, or joins standard input and output with its socket where the site forbids forwarding.
 *   usage: node host.js open --home DIR | node host.js bridge --socket PATH
 */
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { openLocalPool, openSocket } from "../client/localPool.ts";
import { ServedElsewhere } from "../client/poolOwner.ts";
import { messageOf, UserError } from "../client/userError.ts";

declare const __VERSION__: string | undefined;
const VERSION = typeof __VERSION__ === "undefined" ? "0.0.0" : __VERSION__;

const { values, positionals } = parseArgs({
  options: { home: { type: "string" }, socket: { type: "string" } },
  allowPositionals: true,
});

async function open(home: string): Promise<void> {
  try {
    const { connection, socket } = await openLocalPool({
      home,
      serverScript: path.join(__dirname, "server.js"),
      pythonFolder: path.join(__dirname, "python"),
      runtimePath: process.execPath,
      environment: {},
      client: { name: "trainyard host program", version: VERSION },
    });
    connection.close();
    remember(home);
    say("ready", { socket, home: connection.pool.folder, node: process.execPath, program: __filename });
  } catch (error) {
    if (error instanceof ServedElsewhere) say("elsewhere", error.owner);
    else
      say("failed", { message: messageOf(error), remedy: error instanceof UserError ? error.remedy : null });
  }
  process.exit(0);
}

/** So that the next connection need not look for a Node again. */
function remember(home: string): void {
  const file = path.join(home, "runtime", "chosen");
  try {
    if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === `${process.execPath}\n`) return;
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const partial = `${file}.${process.pid}`;
    fs.writeFileSync(partial, `${process.execPath}\n`, { mode: 0o600 });
    fs.renameSync(partial, file);
  } catch {
    // Then it is looked for again.
  }
}

function say(what: "ready" | "elsewhere" | "failed", value: object): void {
  fs.writeSync(1, `${what}=${JSON.stringify(value)}\nend=yes\n`);
}

async function bridge(socketPath: string): Promise<void> {
  const fail = (error: unknown): never => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  };
  const socket = await openSocket(socketPath).catch(fail);
  socket.on("error", fail);
  process.stdin.pipe(socket).pipe(process.stdout);
  socket.on("close", () => process.exit(0));
}

if (positionals[0] === "open" && values.home !== undefined) void open(path.resolve(values.home));
else if (positionals[0] === "bridge" && values.socket !== undefined) void bridge(values.socket);
else {
  process.stderr.write("usage: node host.js open --home DIR | node host.js bridge --socket PATH\n");
  process.exit(2);
}
