/** Plays the extension to the page of a pool, with the real contract. */
import { FromPoolPage, ToPoolPage } from "../../../src/webviews/contract/pool.ts";
import { poolScenario } from "./poolScenarios.ts";

export class FakePoolHost {
  readonly actions: unknown[] = [];
  readonly problems: string[] = [];
  readonly states: unknown[] = [];
  saved: unknown = undefined;
  private readonly size: string;

  constructor(size: string) {
    this.size = size;
  }

  receive(message: unknown): void {
    const parsed = FromPoolPage.parse(message);
    switch (parsed.type) {
      case "ready":
        this.states.push(parsed.state);
        this.post({ type: "snapshot", version: 1, snapshot: poolScenario(this.size) });
        break;
      case "request": {
        const value = {
          startsIn: { fromMs: 300_000, toMs: 540_000 },
          reason: "All slots are held.",
          preempts: [],
        };
        this.post({ type: "answer", request: parsed.request, value, error: null });
        break;
      }
      case "action":
        this.actions.push(parsed.action);
        break;
      case "problem":
        this.problems.push(parsed.message);
        break;
    }
  }

  private post(message: ToPoolPage): void {
    window.postMessage(ToPoolPage.parse(message), "*");
  }
}
