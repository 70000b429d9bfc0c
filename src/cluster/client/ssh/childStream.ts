/** A program's standard input and output as one stream. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { Duplex } from "node:stream";

const LAST_WORDS = 500;

/** @param explain what its end means: null for an end like any other. `words`: the last of what it said on standard error */
export function childStream(
  child: ChildProcessWithoutNullStreams,
  explain: (code: number | null, words: string) => Error | null,
): Duplex {
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(-LAST_WORDS)));
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    // That it no longer reads is said better by its end.
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => (child.stdin.destroyed ? done() : void child.stdin.end(done)),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.stdin.on("error", () => undefined);
  child.once("error", (error) => stream.destroy(error));
  // After its output has ended, so that what it said is known.
  child.once("close", (code) => {
    const error = explain(code, words.trim());
    if (error !== null) return stream.destroy(error);
    stream.push(null);
    stream.end();
  });
  return stream;
}
