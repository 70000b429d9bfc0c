/** What an SSH configuration says of one host: as OpenSSH itself resolved it (`ssh -G`). Paths are absolute. */
export interface SshHost {
  /** What the person wrote: an alias of the configuration, or a host name. */
  alias: string;
  hostName: string;
  port: number;
  user: string;
  /** In the order of the configuration; files that do not exist are left out. */
  identityFiles: string[];
  identitiesOnly: boolean;
  /** The agent's socket; null for none. */
  agentSocket: string | null;
  /** Hops before the host, in the order in which they are met; each is resolved by itself. */
  proxyJump: string[];
  /** As in the configuration, its tokens resolved. Run by the person's own `sh -c`, as OpenSSH does. */
  proxyCommand: string | null;
  knownHosts: {
    /** The name that the key is looked up by: HostKeyAlias, else the host name (with `[host]:port` where it is not 22). */
    name: string;
    /** Files that are read, never written. */
    files: string[];
    /** `no` and `accept-new` of the configuration count as asking: a new key is always shown. */
    strict: boolean;
  };
  /** Why `ssh2` cannot do it and the system's `ssh` must: one phrase ("a certificate", "a hardware key", "Kerberos", "a live ControlMaster"); null for ssh2. */
  needsSystemSsh: string | null;
  connectTimeoutMs: number;
}

/** What was found out about the key that a host showed. */
export type HostKeyVerdict =
  | { kind: "known" }
  /** Nobody has said yes to it. `others`: key types that are known for this name. */
  | { kind: "unknown"; others: string[] }
  /** Another key of this type is known: refuse. `where` names file and line. */
  | { kind: "changed"; where: string }
  | { kind: "revoked"; where: string };

export interface ShownHostKey {
  /** The name that it is looked up by (SshHost.knownHosts.name). */
  name: string;
  /** `ssh-ed25519`, ... */
  type: string;
  /** `SHA256:...`, unpadded base64, as OpenSSH shows it. */
  fingerprint: string;
}

/** What connecting may ask of a person. Each may take as long as the person takes; null and false mean no. */
export interface SshQuestions {
  trustHostKey(key: ShownHostKey): Promise<boolean>;
  /** A passphrase, a password, or one prompt of a keyboard-interactive round. */
  secret(question: SecretQuestion): Promise<string | null>;
  /** Whether a Node for a host that has none may be downloaded to this side. Absent: nobody can be asked. */
  downloadNode?(question: NodeQuestion): Promise<boolean>;
  /** Nobody is there to answer: a server's own questions are not even begun, since giving up counts as a failed login. */
  readonly isSilent?: boolean;
}

export interface NodeQuestion {
  /** The pool whose host lacks it. */
  pool: string;
  /** `Node v24.11.1 for Linux on arm64` */
  node: string;
  url: string;
}

export interface SecretQuestion {
  kind: "passphrase" | "password" | "prompt";
  /** `ada@gpu1`, or the key's file. */
  of: string;
  /** The server's own words, made harmless; empty for a password. */
  prompt: string;
  /** True where the server wants the answer to be seen. */
  echo: boolean;
}

/** The steps of a first connection, for progress. */
export type SshStep =
  | "resolving"
  | "connecting"
  | "hostKey"
  | "authenticating"
  | "looking"
  | "downloading"
  | "sending"
  | "starting";
