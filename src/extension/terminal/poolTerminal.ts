/** A shell on a pool's host as a terminal of the editor. */
import { StringDecoder } from "node:string_decoder";
import * as vscode from "vscode";
import type { PoolHost } from "../../cluster/client/ssh/poolHost.ts";
import type { Shell } from "../../cluster/client/ssh/shell.ts";
import { messageOf } from "../errors.ts";

/** Until the editor says how large it is. */
const FIRST_SIZE = { columns: 80, rows: 24 };

export class PoolTerminal implements vscode.Pseudoterminal {
  readonly #host: PoolHost;
  readonly #poolName: string;
  readonly #folder: string | null;
  readonly #writeEmitter = new vscode.EventEmitter<string>();
  readonly #closeEmitter = new vscode.EventEmitter<number | void>();
  #shell: Shell | null = null;
  #size = FIRST_SIZE;
  /** What was typed before there was a shell. */
  #early = "";
  /** What it says stays to be read; the next key closes it. */
  #isOver = false;
  #isClosed = false;
  /** Why the connection is gone. */
  #cutBecause: string | null = null;
  readonly onDidWrite = this.#writeEmitter.event;
  readonly onDidClose = this.#closeEmitter.event;

  /** @param folder absolute, on the host; null for the home folder */
  constructor(host: PoolHost, poolName: string, folder: string | null) {
    this.#host = host;
    this.#poolName = poolName;
    this.#folder = folder;
  }

  open(size: vscode.TerminalDimensions | undefined): void {
    if (size) this.#size = size;
    this.#start().catch((error: unknown) => {
      const { remedy } = error as { remedy?: unknown };
      this.#end(`${messageOf(error)}${typeof remedy === "string" ? ` ${remedy}` : ""}`);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#shell?.close();
  }

  handleInput(data: string): void {
    if (this.#isOver) this.#closeEmitter.fire();
    else if (this.#shell) this.#shell.write(data);
    else this.#early += data;
  }

  setDimensions(size: vscode.TerminalDimensions): void {
    this.#size = size;
    this.#shell?.resize(size);
  }

  async #start(): Promise<void> {
    const size = this.#size;
    const shell = await this.#host.openShell(this.#folder, size);
    if (this.#isClosed) return shell.close();
    this.#shell = shell;
    if (size !== this.#size) shell.resize(this.#size);
    const decoder = new StringDecoder("utf8");
    shell.listen((bytes) => this.#writeEmitter.fire(decoder.write(bytes)));
    if (this.#early !== "") shell.write(this.#early);
    this.#host.onClosed((reason) => (this.#cutBecause = reason));
    const code = await shell.ended;
    if (code !== null) this.#closeEmitter.fire(code);
    else if (!this.#isClosed)
      this.#end(
        this.#cutBecause === null
          ? "The shell was ended over there."
          : `The connection to ${this.#poolName} ended: ${this.#cutBecause}. What trains there goes on.`,
      );
  }

  #end(sentence: string): void {
    this.#isOver = true;
    // eslint-disable-next-line no-control-regex -- a host's words are not to be obeyed by the terminal
    const words = sentence.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
    this.#writeEmitter.fire(`\r\n${words}\r\nPress any key to close.\r\n`);
  }
}
