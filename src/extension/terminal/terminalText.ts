/**
 * What a terminal may obey of a script's output: colours, and moves within the last lines (progress bars). Titles,
 * clipboards, questions to the terminal and all else that has an effect outside of its text are left out. Pure.
 */

/* eslint-disable no-control-regex -- control characters are what this is about */

/** Select graphic rendition, cursor up, down, right, left and to a column, erase in line. */
const KEPT = new Set(["m", "A", "B", "C", "D", "G", "K"]);
/** With anything but numbers before its last letter it is another one: `ESC [ SP A` scrolls. */
const PLAIN = /^\u001b\[[0-9:;]*[@-~]$/;
const SEQUENCE =
  /\u001b(?:\[[0-?]*[ -/]*([@-~])|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-OQ-WYZ\\`-~])/g;
/** A sequence whose end has not come yet; a longer one is none. */
const UNFINISHED = /\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*\u001b?|[ -/]*)$/;
const LONGEST_UNFINISHED = 4096;

export class TerminalText {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** @returns what to write for these bytes; the start of a sequence is kept back */
  take(bytes: Uint8Array): string {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    const cut = UNFINISHED.exec(text);
    const end = cut !== null && text.length - cut.index <= LONGEST_UNFINISHED ? cut.index : text.length;
    this.#rest = text.slice(end);
    return shown(text.slice(0, end));
  }
}

function shown(text: string): string {
  const kept: string[] = [];
  // Private use characters stand for what stays, so that the rest of the control characters can go at once.
  const marked = text.replace(SEQUENCE, (sequence: string, final: string | undefined) => {
    if (final === undefined || !KEPT.has(final) || !PLAIN.test(sequence)) return "";
    kept.push(sequence);
    return "\u001b";
  });
  let next = 0;
  return marked
    .replace(/[\u0000-\u0007\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f]/g, "")
    .replace(/\u001b|\r?\n/g, (one) => (one === "\u001b" ? (kept[next++] ?? "") : "\r\n"));
}
