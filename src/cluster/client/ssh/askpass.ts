/**
 * SSH_ASKPASS: OpenSSH runs a program with a question and reads the answer from its output. Ours is a constant that
 * hands both on over a Unix socket, in a folder that nobody else can enter.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import * as z from "zod";

const MAX_QUESTION_CHARACTERS = 64 * 1024;
/** A Unix socket's path ends there on some systems; OpenSSH appends a dot and 16 characters while it makes one. */
const LONGEST_SOCKET_PATH = 103 - 17;

const HELPER = "askpass";
const SOCKET = "ask.sock";
/** Node may be the editor's own binary. NODE_OPTIONS of a debugger would hold it up. */
const HELPER_SCRIPT = `#!/bin/sh
unset NODE_OPTIONS
ELECTRON_RUN_AS_NODE=1 exec "$TRAINYARD_ASKPASS_NODE" "$0.cjs" "$1"
`;
const HELPER_PROGRAM = `
const net = require("net"), path = require("path");
const socket = net.connect(path.join(__dirname, "${SOCKET}"));
let said = "";
socket.on("connect", () => socket.write(JSON.stringify({ text: process.argv[2] || "", hint: process.env.SSH_ASKPASS_PROMPT || "" }) + "\\n"));
socket.on("data", (chunk) => (said += chunk)).on("error", () => process.exit(1));
socket.on("close", () => {
  if (said === "") process.exit(1);
  process.stdout.write(JSON.parse(said) + "\\n", () => process.exit(0));
});
`;

const Question = z.object({ text: z.string(), hint: z.string() });

/** @returns null for no. `gone`: the program has ended, and nobody waits for the answer */
export type Answering = (text: string, hint: string, gone: Promise<void>) => Promise<string | null>;

export interface Askpass {
  /** 0700; removed with everything in it by close(). */
  folder: string;
  /** For `ssh`. */
  environment: NodeJS.ProcessEnv;
  close(): void;
}

export async function openAskpass(answering: Answering): Promise<Askpass> {
  const folder = await privateFolder();
  await writeFile(path.join(folder, HELPER), HELPER_SCRIPT, { mode: 0o700 });
  await writeFile(path.join(folder, `${HELPER}.cjs`), HELPER_PROGRAM, { mode: 0o600 });
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(socket, answering);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path.join(folder, SOCKET), resolve);
  });
  return {
    folder,
    environment: {
      ...process.env,
      SSH_ASKPASS: path.join(folder, HELPER),
      SSH_ASKPASS_REQUIRE: "force",
      // OpenSSH before 8.4 asks that way only where there seems to be a display, and no terminal.
      DISPLAY: process.env.DISPLAY || ":0",
      TRAINYARD_ASKPASS_NODE: process.execPath,
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      void rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    },
  };
}

/** In the system's own folder where a person's is too deep for sockets. */
async function privateFolder(): Promise<string> {
  const name = "trainyard-ssh-";
  const deepest = path.join(os.tmpdir(), `${name}XXXXXX`, SOCKET);
  return mkdtemp(path.join(deepest.length <= LONGEST_SOCKET_PATH ? os.tmpdir() : "/tmp", name));
}

function serve(socket: net.Socket, answering: Answering): void {
  let said = "";
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.setEncoding("utf8");
  socket.on("error", () => undefined);
  socket.on("data", (text: string) => {
    said += text;
    if (said.length > MAX_QUESTION_CHARACTERS) return socket.destroy();
    if (!said.endsWith("\n")) return;
    socket.pause();
    void reply(said).catch(() => socket.destroy());
  });
  async function reply(line: string): Promise<void> {
    const { text, hint } = Question.parse(JSON.parse(line));
    const answer = await answering(text, hint, gone);
    if (answer === null) socket.destroy();
    else socket.end(JSON.stringify(answer));
  }
}
