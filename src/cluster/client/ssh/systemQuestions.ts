/** Answers what the system's `ssh` asks while it connects: by asking the person, or with what she said before. */
import type { SecretMemory } from "./authenticator.ts";
import { PersonNeededError } from "../userError.ts";
import type { SecretQuestion, ShownHostKey, SshHost, SshQuestions } from "./host.ts";
import { changed } from "./hostKeyJudge.ts";
import type { Patience } from "./patience.ts";
import { readPrompt } from "./sshPrompts.ts";

export interface AskingOptions {
  questions: SshQuestions;
  memory: SecretMemory;
  /** The host, and those before it. */
  hosts: readonly SshHost[];
  /** The one fingerprint that the key of this name may have. */
  pinned: { name: string; fingerprint: string } | null;
  patience: Patience;
  onNotice: (words: string) => void;
}

export class SystemQuestions {
  /** Why the attempt has to end, and what to say then. */
  refusal: PersonNeededError | null = null;
  /** Told of a refusal that `ssh` must not go on after: it would send an empty password. */
  onRefused: (refusal: PersonNeededError) => void = () => undefined;
  /** The fingerprints that were said yes to. */
  readonly accepted = new Set<string>();
  readonly #options: AskingOptions;
  /** Kept once they have proved right. */
  readonly #sent = new Map<string, string>();
  /** Names whose remembered secret was given already: asked for again, it was wrong. */
  readonly #given = new Set<string>();
  #isConnected = false;

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /**
   * Everything sent was right. From now on nobody is asked: a command that finds no room on the connection makes one of
   * its own, and what was said before has to do.
   */
  connected(): void {
    for (const [name, value] of this.#sent) this.#options.memory.set(name, value);
    this.#isConnected = true;
  }

  /**
   * @param hint SSH_ASKPASS_PROMPT
   * @param gone when `ssh` no longer wants an answer
   * @returns null for no
   */
  async answer(text: string, hint: string, gone: Promise<void>): Promise<string | null> {
    const prompt = readPrompt(text, hint);
    switch (prompt.kind) {
      case "hostKey":
        return (await this.#trusts(prompt.key)) ? prompt.yes : null;
      case "secret":
        return this.#isConnected ? this.#remembered(prompt.question) : this.#secret(prompt.question);
      case "notice":
        this.#options.onNotice(prompt.words);
        await this.#options.patience.during(gone);
        return null;
      case "other":
        return null;
    }
  }

  async #trusts(key: ShownHostKey): Promise<boolean> {
    const { pinned, questions, patience } = this.#options;
    if (pinned !== null && pinned.name === key.name) {
      if (pinned.fingerprint === key.fingerprint) {
        this.accepted.add(key.fingerprint);
        return true;
      }
      this.refusal = changed(key.name, key.fingerprint, `the pool was added with ${pinned.fingerprint}`);
      return false;
    }
    if (!this.#isConnected && (await patience.during(questions.trustHostKey(key)))) {
      this.accepted.add(key.fingerprint);
      return true;
    }
    this.refusal = new PersonNeededError(
      `The key of ${key.name} is not known here: ${key.type} ${key.fingerprint}.`,
      "Compare it with what the host's administrator tells you, and connect again.",
    );
    return false;
  }

  async #secret(question: SecretQuestion): Promise<string | null> {
    const remembered = this.#remembered(question);
    const name = this.#nameOf(question);
    if (remembered !== null && !this.#given.has(name)) {
      this.#given.add(name);
      this.#sent.set(name, remembered);
      return remembered;
    }
    const { questions, patience } = this.#options;
    const answer = this.refusal === null ? await patience.during(questions.secret(question)) : null;
    if (answer === null) {
      this.refusal = new PersonNeededError(
        `${question.of} asks for a password, a passphrase or a code.`,
        "Connect, and answer.",
      );
      // Without a passphrase the next key is tried.
      if (question.kind !== "passphrase") this.onRefused(this.refusal);
    } else if (question.kind !== "prompt") this.#sent.set(name, answer);
    return answer;
  }

  #remembered(question: SecretQuestion): string | null {
    return question.kind === "prompt" ? null : (this.#options.memory.get(this.#nameOf(question)) ?? null);
  }

  /** As the Authenticator names it, so that what one of the two asked the other need not ask. */
  #nameOf({ kind, of }: SecretQuestion): string {
    if (kind !== "password") return of;
    const [host, ...others] = this.#options.hosts.filter(
      ({ user, hostName }) => of === `${user}@${hostName}`,
    );
    return host === undefined || others.length > 0 ? of : `${host.user}@${host.hostName}:${host.port}`;
  }
}
