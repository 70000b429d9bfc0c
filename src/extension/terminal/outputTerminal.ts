/** A run's output in a terminal of the editor: its end, then what is printed, until the run has ended. */
import * as vscode from "vscode";
import type { OutputOfRun } from "../editor/outputDocuments.ts";
import { messageOf } from "../errors.ts";
import { formatBytes } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { TerminalText } from "./terminalText.ts";

const FIRST_BYTES = 256 * 1024;
const NEWLINE = 10;

export class OutputTerminal implements vscode.Pseudoterminal {
  readonly #pool: Pool;
  readonly #of: OutputOfRun;
  readonly #writeEmitter = new vscode.EventEmitter<string>();
  readonly #closeEmitter = new vscode.EventEmitter<number | void>();
  readonly #abort = new AbortController();
  readonly #text = new TerminalText();
  #offset = -FIRST_BYTES;
  /** What it says stays to be read; the next key closes it. */
  #isOver = false;
  readonly onDidWrite = this.#writeEmitter.event;
  readonly onDidClose = this.#closeEmitter.event;

  constructor(pool: Pool, of: OutputOfRun) {
    this.#pool = pool;
    this.#of = of;
  }

  open(): void {
    void this.#follow();
  }
  close(): void {
    this.#abort.abort();
  }
  handleInput(): void {
    if (this.#isOver) this.#closeEmitter.fire();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    for (;;) {
      try {
        await this.#read(signal);
        return this.#end(`${this.#of.stream} of run ${this.#of.runId} has ended.`);
      } catch (error) {
        if (signal.aborted) return;
        // A word of the pool is final; a cut goes by.
        if ("reason" in (error as object) || this.#pool.isStopped) return this.#end(sentenceOf(error));
        this.#say(`The connection to ${this.#pool.name} is lost; this goes on when it is back.`);
        try {
          await this.#pool.whenConnected(signal);
        } catch (again) {
          if (!signal.aborted) this.#end(sentenceOf(again));
          return;
        }
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const client = await loadClient();
    const connection = await this.#pool.connection(signal);
    for await (const part of client.followOutput(connection, this.#of, this.#offset, signal)) {
      let { bytes } = part;
      if (this.#offset < 0 && part.offset > 0) {
        this.#say(
          `${formatBytes(part.offset)} before this: they are in the panel, and in Open Output as Document.`,
        );
        if (part.offset > part.dropped) bytes = bytes.subarray(bytes.indexOf(NEWLINE) + 1);
      }
      this.#offset = part.offset + part.bytes.byteLength;
      this.#writeEmitter.fire(this.#text.take(bytes));
    }
  }

  #end(sentence: string): void {
    this.#isOver = true;
    this.#say(sentence);
    this.#writeEmitter.fire("Press any key to close.\r\n");
  }

  #say(sentence: string): void {
    // eslint-disable-next-line no-control-regex -- words of others are not to be obeyed by the terminal
    const words = sentence.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
    this.#writeEmitter.fire(`\u001b[0m\r\n\u001b[2m${words}\u001b[0m\r\n`);
  }
}

function sentenceOf(error: unknown): string {
  const { remedy } = error as { remedy?: unknown };
  return `${messageOf(error)}${typeof remedy === "string" ? ` ${remedy}` : ""}`;
}
