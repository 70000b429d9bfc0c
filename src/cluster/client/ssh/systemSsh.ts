/** What `ssh2` cannot do, so that the system's `ssh` has to. */
import { execFile } from "node:child_process";
import { access, open, stat } from "node:fs/promises";
import { connect } from "node:net";
import { promisify } from "node:util";

const TIMEOUT_MS = 2_000;
/** Of a file that claims to be a key: the type is at its beginning. */
const MAX_KEY_BYTES = 64 * 1024;

export interface Wanted {
  /** Those that exist. */
  identityFiles: readonly string[];
  certificateFiles: readonly string[];
  pkcs11Provider: string | null;
  gssapi: boolean;
  controlPath: string | null;
}

/** One phrase, for "it needs ..."; null where ssh2 will do. */
export async function whySystemSsh(wanted: Wanted): Promise<string | null> {
  const certificates = [...wanted.certificateFiles, ...wanted.identityFiles.map(certificateOf)];
  if ((await Promise.all(certificates.map(isFile))).includes(true)) return "a certificate";
  if (wanted.pkcs11Provider !== null) return "a hardware key";
  if ((await Promise.all(wanted.identityFiles.map(isHardwareKey))).includes(true)) return "a hardware key";
  if (wanted.gssapi && (await hasTicket())) return "Kerberos";
  if (wanted.controlPath !== null && (await lives(wanted.controlPath))) return "a live ControlMaster";
  return null;
}

/** Not a folder, and no pipe, which would be waited for. */
export async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Where OpenSSH looks for it: an identity may be named by its public half. */
function certificateOf(identity: string): string {
  return `${identity.replace(/\.pub$/, "")}-cert.pub`;
}

/** The public half says so; where it is missing, the private file does, which begins with it. */
async function isHardwareKey(identity: string): Promise<boolean> {
  const text = (await beginning(`${identity}.pub`)) ?? (await beginning(identity)) ?? "";
  if (!text.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")) return /^sk-/.test(text.trimStart());
  const body = Buffer.from(text.split("\n").slice(1).join(""), "base64");
  return /sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com/.test(body.toString("latin1", 0, 256));
}

async function beginning(file: string): Promise<string | null> {
  if (!(await isFile(file))) return null;
  try {
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_KEY_BYTES));
      return buffer.toString("latin1", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** A cache that is a file counts as it stands; of others (the kernel's, a daemon's) only Kerberos itself knows. */
async function hasTicket(): Promise<boolean> {
  const name = process.env.KRB5CCNAME || `/tmp/krb5cc_${process.getuid?.() ?? ""}`;
  if (await exists(name.replace(/^(FILE|DIR):/, ""))) return true;
  return promisify(execFile)("klist", ["-s"], { timeout: TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}

/** A socket that its master left behind refuses. */
function lives(socketFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketFile);
    const end = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
