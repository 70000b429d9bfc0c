/** Why the shown trial waits, when it starts, and the button of the smallest change that would start it now. */
import { startsSentence } from "../../cluster/protocol/queueWords.ts";
import type { Trial } from "../../cluster/protocol/entities.ts";
import type { QueueChange, WaitingTrial } from "../../cluster/protocol/scheduling.ts";
import { linkButton } from "../ui/controls.ts";
import type { Child } from "../ui/dom.ts";
import type { PageContext } from "./view.ts";

/** Others come and go, so what is known gets old also where this trial does not change. */
const ASK_MS = 5000;

export interface WaitWords {
  text: string;
  change: QueueChange | null;
}

/** @param known what the pool said of it last, or null */
export function waitWords(
  trial: Pick<Trial, "waitReason">,
  known: Pick<WaitingTrial, "reason" | "startsIn" | "change"> | null,
): WaitWords | null {
  const reason = trial.waitReason ?? known?.reason;
  if (reason === undefined) return null;
  const text = [reason, startsSentence(known?.startsIn ?? null)].filter((words) => words !== "").join(" ");
  return { text, change: known?.change ?? null };
}

export class WaitNotice {
  private readonly context: PageContext;
  private readonly onKnown: () => void;
  private known: WaitingTrial | null = null;
  private askedFor = "";
  private askedAt = 0;

  constructor(context: PageContext, onKnown: () => void) {
    this.context = context;
    this.onKnown = onKnown;
  }

  /** Empty when it does not wait. */
  of(trial: Trial, isConnected: boolean): Child[] {
    const isQueued = isConnected && trial.state === "waiting";
    if (isQueued) this.askIfOld(trial);
    const words = waitWords(trial, isQueued && this.known?.trialId === trial.id ? this.known : null);
    if (words === null) return [];
    const { change } = words;
    if (change === null) return [words.text];
    const act = () => this.context.bridge.act({ action: "changeQueue", change });
    return [words.text, " ", linkButton(change.text, act)];
  }

  private askIfOld({ id, waitReason }: Trial): void {
    const asked = `${id} ${waitReason ?? ""}`;
    const now = this.context.now();
    if (asked === this.askedFor && now - this.askedAt < ASK_MS) return;
    this.askedFor = asked;
    this.askedAt = now;
    this.context.bridge.request("waiting", { trialId: id }).then(
      ({ waiting }) => {
        this.known = waiting;
        this.onKnown();
      },
      (error: unknown) => this.context.bridge.problem(`Why ${id} waits could not be asked: ${String(error)}`),
    );
  }
}
