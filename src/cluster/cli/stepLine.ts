/** What takes long while a host is connected to, on one line of the terminal that is taken away again. */
import type { SshStep } from "../client/ssh/host.ts";
import type { Context } from "./command.ts";
import { CLEAR_LINE, plain } from "./text.ts";

const WORDS: Readonly<Partial<Record<SshStep, string>>> = { downloading: "Downloading", sending: "Sending" };
const AGAIN_MS = 100;

export function stepLine({
  stderr,
  note,
}: Pick<Context, "stderr" | "note">): (step: SshStep, detail: string) => void {
  if (stderr.isTTY !== true) return () => undefined;
  let isShown = false;
  let last = 0;
  return (step, detail) => {
    const words = WORDS[step];
    if (words === undefined) {
      if (isShown) note(CLEAR_LINE);
      isShown = false;
    } else if (!isShown || Date.now() - last >= AGAIN_MS) {
      last = Date.now();
      isShown = true;
      note(`${CLEAR_LINE}${words} ${plain(detail)}`);
    }
  };
}
