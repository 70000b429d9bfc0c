/** What OpenSSH asks through SSH_ASKPASS, understood: one text, which never was a format but hardly ever changes. */
import { harmless } from "./harmless.ts";
import type { SecretQuestion, ShownHostKey } from "./host.ts";

export type SshPrompt =
  /** `yes` is the answer that means it: the fingerprint itself where OpenSSH takes it. */
  | { kind: "hostKey"; key: ShownHostKey; yes: string }
  | { kind: "secret"; question: SecretQuestion }
  /** Nothing to answer: it stays until the person has touched the key. */
  | { kind: "notice"; words: string }
  /** A question that nobody could answer here. */
  | { kind: "other" };

/** As OpenSSH prints them, and as they are in known_hosts. */
const KEY_TYPES: Readonly<Record<string, string>> = {
  ED25519: "ssh-ed25519",
  "ED25519-SK": "sk-ssh-ed25519@openssh.com",
  RSA: "ssh-rsa",
  DSA: "ssh-dss",
};

/** @param hint SSH_ASKPASS_PROMPT: `confirm`, `none`, or empty where a text is wanted */
export function readPrompt(text: string, hint: string): SshPrompt {
  if (hint === "none") return { kind: "notice", words: harmless(text) };
  if (hint !== "") return { kind: "other" };
  if (text.includes("continue connecting")) return hostKey(text);
  const passphrase =
    /^Enter passphrase for (?:key )?'?(.+?)'?: ?$/s.exec(text)?.[1] ??
    /^Bad passphrase, try again for (.+): ?$/s.exec(text)?.[1];
  if (passphrase !== undefined) return secret("passphrase", passphrase, "");
  const password = /^(\S+@\S+)'s password: ?$/.exec(text)?.[1];
  if (password !== undefined) return secret("password", password, "");
  if (text.startsWith("Please type ")) return { kind: "other" };
  // A server's own prompt, with who asks before it.
  const [, who, words] = /^\((\S+@\S+)\) (.*)$/s.exec(text) ?? [];
  return secret("prompt", who ?? "ssh", words ?? text);
}

function hostKey(text: string): SshPrompt {
  const name = /host '([^' ]+)/.exec(text)?.[1];
  const [, type, fingerprint] =
    /^(\S+) key fingerprint is (SHA256:[A-Za-z0-9+/]{43})\.?\s*$/m.exec(text) ?? [];
  if (name === undefined || type === undefined || fingerprint === undefined) return { kind: "other" };
  const key = { name: name.toLowerCase(), type: KEY_TYPES[type] ?? type.toLowerCase(), fingerprint };
  return { kind: "hostKey", key, yes: text.includes("[fingerprint]") ? fingerprint : "yes" };
}

function secret(kind: SecretQuestion["kind"], of: string, prompt: string): SshPrompt {
  // OpenSSH does not say which answers may be seen.
  return { kind: "secret", question: { kind, of: harmless(of), prompt: harmless(prompt), echo: false } };
}
