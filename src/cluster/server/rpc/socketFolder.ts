/** The folder and the file of the socket: ours alone, and nobody's who answers. */
import fs from "node:fs";
import net from "node:net";
import path from "node:path";

/** Paths of Unix sockets end here (sun_path is 108 bytes with its NUL). */
const LONGEST_SOCKET_PATH = 107;

/**
 * Makes the folder of a socket, or checks that it is ours and closed to others.
 * @throws Error that says what is wrong and what to do
 */
export function prepareSocketFolder(socketPath: string): void {
  if (Buffer.byteLength(socketPath) > LONGEST_SOCKET_PATH) {
    throw new Error(
      `The socket's path is longer than ${LONGEST_SOCKET_PATH} bytes: ${socketPath}. Set XDG_RUNTIME_DIR to a shorter folder.`,
    );
  }
  const folder = path.dirname(socketPath);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = fs.lstatSync(folder);
  if (!found.isDirectory()) throw new Error(`${folder} is not a folder. Remove it and try again.`);
  if (found.uid !== process.getuid?.())
    throw new Error(`${folder} belongs to another account. Remove it or set XDG_RUNTIME_DIR.`);
  if ((found.mode & 0o077) !== 0)
    throw new Error(`${folder} is open to other accounts. Close it (chmod 700), or set XDG_RUNTIME_DIR.`);
}

/** Removes a socket that a dead server left behind. @throws Error when somebody answers there */
export async function removeStaleSocket(socketPath: string): Promise<void> {
  if (!fs.existsSync(socketPath)) return;
  if (await isAnswered(socketPath)) throw new Error(`Another server answers at ${socketPath}.`);
  fs.rmSync(socketPath, { force: true });
}

export function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    const done = (somebody: boolean) => {
      socket.destroy();
      resolve(somebody);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
    socket.setTimeout(2000, () => done(true));
  });
}
