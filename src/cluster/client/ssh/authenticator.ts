/**
 * Who we are, step by step, as OpenSSH does it: `none` to learn what the server takes, then keys, then the server's own
 * questions, then passwords. It outlives a connection that the server cut for too many keys: the next one goes on.
 */
import { readFile } from "node:fs/promises";
import type { AnyAuthMethod, ParsedKey, Prompt } from "ssh2";
import type { SecretQuestion, SshHost, SshQuestions } from "./host.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { harmless } from "./harmless.ts";
import { type Key, keysOf } from "./keys.ts";
import { loadSsh2 } from "./library.ts";

const TRIES = 3;

/** Passphrases and passwords of this process, so that coming back does not ask again. Never written anywhere. */
export type SecretMemory = Map<string, string>;

export class Authenticator {
  /** What was tried, for the error's message. */
  readonly tried: string[] = [];
  /** A question was closed, or there is nobody to answer it: nothing more is asked. */
  wasCancelled = false;
  readonly #host: SshHost;
  readonly #questions: SshQuestions;
  readonly #memory: SecretMemory;
  #hostKey = "";
  #keys: Key[] | null = null;
  #hasAskedWhat = false;
  #rounds = 0;
  #passwords = 0;
  /** The password that was sent last, kept once it proved right. */
  #sent: { name: string; secret: string } | null = null;

  constructor(host: SshHost, questions: SshQuestions, memory: SecretMemory) {
    this.#host = host;
    this.#questions = questions;
    this.#memory = memory;
  }

  /** The key that the host has proved to have: a password that it was told is told to no other. */
  knows(hostKey: Buffer): void {
    this.#hostKey = fingerprintOf(hostKey);
  }

  /** There are keys that the server has not seen yet. */
  get hasMoreKeys(): boolean {
    return (this.#keys?.length ?? 0) > 0;
  }

  /** A new connection: the server is asked again what it takes. */
  restart(): void {
    this.#hasAskedWhat = false;
  }

  accepted(): void {
    if (this.#sent !== null) this.#memory.set(this.#sent.name, this.#sent.secret);
  }

  /** @param methods what the server would take; null before it has said so */
  async next(methods: readonly string[] | null): Promise<AnyAuthMethod | false> {
    const username = this.#host.user;
    if (!this.#hasAskedWhat) {
      this.#hasAskedWhat = true;
      return { type: "none", username };
    }
    const takes = (method: string): boolean => methods === null || methods.includes(method);
    if (takes("publickey")) {
      const key = await this.#nextKey();
      if (key !== null) return key;
    }
    if (this.wasCancelled) return false;
    const asksItself = takes("keyboard-interactive") && this.#rounds < TRIES;
    if (asksItself && this.#questions.isSilent === true) this.wasCancelled = true;
    else if (asksItself) {
      this.#rounds += 1;
      this.tried.push("the server's questions");
      return {
        type: "keyboard-interactive",
        username,
        prompt: (name, instructions, _language, prompts, finish) => {
          void this.#answers(name, instructions, prompts).then(finish);
        },
      };
    }
    if (takes("password") && this.#passwords < TRIES) {
      const password = await this.#password();
      if (password !== null) return { type: "password", username, password };
    }
    return false;
  }

  async #nextKey(): Promise<AnyAuthMethod | null> {
    const username = this.#host.user;
    this.#keys ??= await keysOf(this.#host);
    for (let key = this.#keys.shift(); key !== undefined; key = this.#keys.shift()) {
      if (key.kind === "agent") {
        this.tried.push(`${key.name} of the agent`);
        return { type: "agent", username, agent: key.agent };
      }
      const parsed = await this.#unlock(key.file);
      if (parsed === null) continue;
      this.tried.push(key.name);
      return { type: "publickey", username, key: parsed };
    }
    return null;
  }

  /** @returns null for a file that is no key, or whose passphrase was not given */
  async #unlock(file: string): Promise<ParsedKey | null> {
    const text = await readFile(file).catch(() => null);
    if (text === null) return null;
    const { utils } = await loadSsh2();
    const plain = utils.parseKey(text);
    if (!(plain instanceof Error)) return plain.isPrivateKey() ? plain : null;
    if (!/encrypted|passphrase/i.test(plain.message)) return null;
    const known = this.#memory.get(file);
    for (let attempt = 0; attempt < TRIES && !this.wasCancelled; attempt += 1) {
      const passphrase =
        attempt === 0 && known !== undefined
          ? known
          : await this.#ask({ kind: "passphrase", of: file, prompt: "", echo: false });
      if (passphrase === null) return null;
      const key = utils.parseKey(text, passphrase);
      if (key instanceof Error) continue;
      this.#memory.set(file, passphrase);
      return key;
    }
    return null;
  }

  async #password(): Promise<string | null> {
    const name = `${this.#host.user}@${this.#host.hostName}:${this.#host.port} ${this.#hostKey}`;
    const known = this.#passwords === 0 ? this.#memory.get(name) : undefined;
    this.#passwords += 1;
    this.tried.push("a password");
    const secret =
      known ??
      (await this.#ask({
        kind: "password",
        of: `${this.#host.user}@${this.#host.alias}`,
        prompt: "",
        echo: false,
      }));
    if (secret !== null) this.#sent = { name, secret };
    return secret;
  }

  /** Every prompt has to be answered, also of a round that asks nothing. Given up: empty answers, which the server refuses. */
  async #answers(name: string, instructions: string, prompts: readonly Prompt[]): Promise<string[]> {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      const text = [name, instructions, prompt]
        .map((part) => harmless(part))
        .filter((part) => part !== "")
        .join("\n");
      const of = `${this.#host.user}@${this.#host.alias}`;
      answers.push(
        (this.wasCancelled
          ? null
          : await this.#ask({ kind: "prompt", of, prompt: text, echo: echo === true })) ?? "",
      );
    }
    return answers;
  }

  async #ask(question: SecretQuestion): Promise<string | null> {
    const answer = await this.#questions.secret(question);
    if (answer === null) this.wasCancelled = true;
    return answer;
  }
}
