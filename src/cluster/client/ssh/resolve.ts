/** What is known of a host before it is connected to, as OpenSSH itself resolves it. */
import os from "node:os";
import path from "node:path";
import { UserError } from "../userError.ts";
import { type Destination, showDestination } from "./destination.ts";
import { expandPath, expandTokens, splitPaths, type Tokens } from "./expand.ts";
import type { SshHost } from "./host.ts";
import { type AskOptions, askSsh, type Settings } from "./sshProgram.ts";
import { isFile, whySystemSsh } from "./systemSsh.ts";

const CONNECT_TIMEOUT_MS = 20_000;
const WINDOWS_AGENT = "\\\\.\\pipe\\openssh-ssh-agent";

/** OpenSSH's own, for where it is not installed. */
const DEFAULTS: Settings = new Map([
  ["identityfile", ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"]],
  ["userknownhostsfile", ["~/.ssh/known_hosts ~/.ssh/known_hosts2"]],
  ["globalknownhostsfile", ["/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"]],
]);

/** @throws UserError where the configuration is broken, or where nobody can say what it holds */
export async function resolveHost(destination: Destination, options: AskOptions = {}): Promise<SshHost> {
  const settings = await askSsh(destination, options);
  if (settings === null && (destination.user === null || options.configFile !== undefined))
    throw new UserError(
      `There is no ssh on this machine, so nothing is known of ${showDestination(destination)}.`,
      "Install the OpenSSH client, or name the host in full: user@host:port.",
    );
  return hostOf(destination, settings ?? DEFAULTS);
}

async function hostOf(destination: Destination, settings: Settings): Promise<SshHost> {
  const alias = destination.host;
  const hostName = settings.get("hostname")?.[0] ?? alias;
  const port = Number(settings.get("port")?.[0] ?? destination.port ?? 22);
  const user = settings.get("user")?.[0] ?? destination.user ?? os.userInfo().username;
  const keyAlias = settings.get("hostkeyalias")?.[0];
  // OpenSSH takes the home folder from the accounts, not from HOME.
  const home = os.userInfo().homedir;
  const hop: Tokens = { "%": "%", h: hostName, n: alias, p: String(port), r: user };
  const tokens: Tokens = {
    ...hop,
    d: home,
    i: String(os.userInfo().uid),
    j: one(settings, "proxyjump") ?? "",
    k: keyAlias ?? alias,
    L: os.hostname().split(".")[0] ?? "",
    l: os.hostname(),
    u: os.userInfo().username,
  };
  const paths = (keyword: string): string[] =>
    all(settings, keyword).map((text) => path.resolve(expandPath(text, home, tokens)));
  const lists = (keyword: string): string[] =>
    all(settings, keyword).flatMap((list) =>
      splitPaths(list).map((text) => path.resolve(expandPath(text, home))),
    );
  const identityFiles = await withPublicHalves(paths("identityfile"));
  const jump = one(settings, "proxyjump");
  const command = one(settings, "proxycommand");
  const seconds = Number(one(settings, "connecttimeout"));
  return {
    alias,
    hostName,
    port,
    user,
    identityFiles,
    identitiesOnly: one(settings, "identitiesonly") === "yes",
    agentSocket: agentSocket(settings.get("identityagent")?.[0], home, tokens),
    proxyJump: jump === null ? [] : jump.split(",").map((text) => expandTokens(text.trim(), hop)),
    // A token that OpenSSH does not know ends its connection; here it stays as it is.
    proxyCommand: command === null ? null : expandTokens(command, { ...hop, k: tokens.k ?? alias }),
    knownHosts: {
      name: (keyAlias ?? (port === 22 ? hostName : `[${hostName}]:${port}`)).toLowerCase(),
      files: [...lists("userknownhostsfile"), ...lists("globalknownhostsfile")],
      strict: ["yes", "true"].includes(one(settings, "stricthostkeychecking") ?? ""),
    },
    needsSystemSsh: await whySystemSsh({
      identityFiles,
      certificateFiles: paths("certificatefile"),
      pkcs11Provider: one(settings, "pkcs11provider"),
      gssapi: one(settings, "gssapiauthentication") === "yes",
      controlPath: paths("controlpath")[0] ?? null,
    }),
    connectTimeoutMs: seconds > 0 ? seconds * 1_000 : CONNECT_TIMEOUT_MS,
  };
}

/** Where `none` says that there is none (a host or a user may well have that name). */
function all(settings: Settings, keyword: string): string[] {
  return (settings.get(keyword) ?? []).filter((value) => value !== "" && value.toLowerCase() !== "none");
}

function one(settings: Settings, keyword: string): string | null {
  return all(settings, keyword)[0] ?? null;
}

/** Those that exist. A key whose private half only the agent has is named by its public half. */
async function withPublicHalves(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    [...new Set(files)].map(async (file) =>
      (await isFile(file)) ? file : (await isFile(`${file}.pub`)) ? `${file}.pub` : null,
    ),
  );
  return found.filter((file) => file !== null);
}

function agentSocket(setting: string | undefined, home: string, tokens: Tokens): string | null {
  if (setting === "none") return null;
  const usual = process.env.SSH_AUTH_SOCK || (process.platform === "win32" ? WINDOWS_AGENT : null);
  if (setting === undefined || setting === "SSH_AUTH_SOCK") return usual;
  const variable = /^\$(\w+)$/.exec(setting)?.[1];
  if (variable !== undefined) return process.env[variable] || null;
  return expandPath(setting, home, tokens);
}
