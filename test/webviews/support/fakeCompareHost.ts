/** Plays the extension to the page that compares, with the real contract. */
import { COMPARE_REQUESTS, FromComparePage, ToComparePage } from "../../../src/webviews/contract/compare.ts";
import { compareScenario } from "./compareScenarios.ts";
import { readCurve } from "./points.ts";

export class FakeCompareHost {
  readonly actions: unknown[] = [];
  readonly problems: string[] = [];
  readonly states: unknown[] = [];
  saved: unknown = undefined;
  private readonly scenario: ReturnType<typeof compareScenario>;

  constructor(scenario: string) {
    this.scenario = compareScenario(scenario);
  }

  receive(message: unknown): void {
    const parsed = FromComparePage.parse(message);
    switch (parsed.type) {
      case "ready":
        this.states.push(parsed.state);
        this.post({ type: "snapshot", version: 1, snapshot: this.scenario.snapshot });
        break;
      case "request":
        setTimeout(() => this.answer(parsed.request, parsed.params), 1);
        break;
      case "action":
        this.actions.push(parsed.action);
        break;
      case "problem":
        this.problems.push(parsed.message);
        break;
    }
  }

  private answer(request: number, params: unknown): void {
    const asked = COMPARE_REQUESTS.readSeries.params.parse(params);
    const found = this.scenario.curves
      .flat()
      .find(
        ({ state }) =>
          state.trialId === asked.trialId && state.group === asked.group && state.name === asked.name,
      );
    const value = found === undefined ? null : readCurve(found, asked.cursor, asked.resolution);
    const error = found === undefined ? "There is no such curve." : null;
    this.post({ type: "answer", request, value, error });
  }

  private post(message: unknown): void {
    ToComparePage.parse(message);
    window.dispatchEvent(new MessageEvent("message", { data: structuredClone(message) }));
  }
}
