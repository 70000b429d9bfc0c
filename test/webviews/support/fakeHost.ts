/**
 * Runs inside the page under test, before the page's own script: plays the extension with the real contract. Tests
 * reach it as `window.host`.
 */
import type * as z from "zod";
import "../../../src/webviews/withoutEval.ts";
import type { SeriesState } from "../../../src/cluster/protocol/events.ts";
import type { SearchState } from "../../../src/cluster/protocol/search.ts";
import { FromPage, REQUESTS, ToPage, type RequestName } from "../../../src/webviews/contract/messages.ts";
import { FakePoolHost } from "./fakePoolHost.ts";
import { FakeCompareHost } from "./fakeCompareHost.ts";
import { append, curve, inOneBuffer, readCurve, type Curve } from "./points.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { THEMES } from "./themes.ts";

const query = new URLSearchParams(location.search);

function makeScenario(name: string): Scenario {
  const make = SCENARIOS[name];
  if (make === undefined) throw new Error(`there is no scenario ${name}`);
  return make();
}

class FakeHost {
  readonly scenario: Scenario = makeScenario(query.get("scenario") ?? "running");
  readonly actions: unknown[] = [];
  readonly problems: string[] = [];
  readonly requests: string[] = [];
  readies = 0;
  saved: unknown = undefined;
  private seq = this.scenario.snapshot.seq;

  receive(message: unknown): void {
    const parsed = FromPage.parse(message);
    switch (parsed.type) {
      case "ready":
        this.readies++;
        this.post({ type: "snapshot", version: 1, snapshot: { ...this.scenario.snapshot, seq: this.seq } });
        break;
      case "request":
        this.requests.push(parsed.name);
        this.answer(parsed.request, parsed.name as RequestName, parsed.params);
        break;
      case "action":
        this.actions.push(parsed.action);
        break;
      case "compare":
        this.actions.push(parsed);
        break;
      case "problem":
        this.problems.push(parsed.message);
        break;
    }
  }

  post(message: unknown): void {
    ToPage.parse(message);
    window.dispatchEvent(new MessageEvent("message", { data: structuredClone(message) }));
  }

  change(change: Record<string, unknown>): void {
    this.post({ type: "change", seq: ++this.seq, ...change });
  }
  /** A change that the page never gets. */
  lose(): void {
    this.seq++;
  }

  /** Reports one value of a curve and announces it. */
  report(name: string, step: number, value: number): void {
    const found = this.scenario.curves.find((one) => one.state.name === name);
    if (found === undefined) throw new Error(`no curve ${name}`);
    append(found, step, value, Date.now());
    this.announce(found);
  }
  /** The first value of a curve that was not there. */
  reportNew(series: Partial<SeriesState>, step: number, value: number): void {
    const made = curve(series, 1, () => value, { stepAt: () => step });
    this.scenario.curves.push(made);
    this.announce(made);
  }
  private announce(curve: Curve): void {
    this.scenario.snapshot.series = this.scenario.curves.map((one) => one.state);
    this.change({ series: [curve.state] });
  }

  print(text: string, stream: "stdout" | "stderr" = "stdout"): void {
    this.scenario.output[stream] += text;
    this.change({ output: this.outputSizes() });
  }
  private outputSizes() {
    const bytes = (text: string) => new TextEncoder().encode(text).length;
    const { stdout, stderr } = this.scenario.output;
    return { runId: "12.1.1", stdout: bytes(stdout), stderr: bytes(stderr) };
  }

  private answer(request: number, name: RequestName, params: unknown): void {
    const respond = (value: unknown, error: string | null = null) =>
      setTimeout(() => this.post({ type: "answer", request, value, error }), 1);
    switch (name) {
      case "readCurves": {
        const { reads } = REQUESTS.readCurves.params.parse(params);
        const answers = reads.map((asked) => {
          const found = this.scenario.curves.find(
            ({ state }) =>
              state.trialId === asked.trialId &&
              state.group === asked.group &&
              state.name === asked.name &&
              state.rank === asked.rank,
          );
          return found && readCurve(found, asked.cursor, asked.resolution);
        });
        if (answers.includes(undefined)) respond(null, "There is no such curve.");
        else respond(inOneBuffer(answers.filter((answer) => answer !== undefined)));
        return;
      }
      case "readBaseline": {
        const asked = REQUESTS.readBaseline.params.parse(params);
        const found = this.scenario.baseline?.find(
          ({ state }) => state.group === asked.group && state.name === asked.name,
        );
        if (found === undefined) respond(null, "There is no baseline.");
        else respond(readCurve(found, asked.cursor, asked.resolution));
        return;
      }
      case "readOutput": {
        const asked = REQUESTS.readOutput.params.parse(params);
        const all = new TextEncoder().encode(this.scenario.output[asked.stream]);
        const offset =
          asked.offset < 0 ? Math.max(0, all.length + asked.offset) : Math.min(asked.offset, all.length);
        const bytes = all.slice(offset, offset + asked.limit).buffer;
        respond({ bytes, offset, size: all.length, ended: false });
        return;
      }
      case "searchOutput": {
        const asked = REQUESTS.searchOutput.params.parse(params);
        respond(searchText(this.scenario.output[asked.stream], asked));
        return;
      }
      case "outputLines": {
        const { stream, offsets } = REQUESTS.outputLines.params.parse(params);
        const all = new TextEncoder().encode(this.scenario.output[stream]);
        const places = offsets.map((offset) => ({
          offset,
          line: all.slice(0, offset).filter((byte) => byte === 10).length + 1,
        }));
        const { length: size } = all;
        respond({ places, counted: size, size, dropped: 0, droppedLines: 0, lineCount: null });
        return;
      }
      case "listFiles": {
        const { path } = REQUESTS.listFiles.params.parse(params);
        const modifiedAt = Date.now() - 90_000;
        const file = (name: string, bytes: number, isDirectory = false) => ({
          path: path === "." ? name : `${path}/${name}`,
          bytes,
          modifiedAt,
          isDirectory,
        });
        const files =
          path === "."
            ? [file("plots", 0, true), file("model.pt", 4_212_345), file("metrics.json", 812)]
            : [file("confusion.png", 35_123), file("loss.svg", 9_876)];
        respond({ files, truncated: false });
        return;
      }
      case "searchState":
        respond(this.scenario.search ?? WITHOUT_RUNGS);
        return;
      case "moreTrials":
        respond({ total: this.scenario.snapshot.trials.length });
        return;
      case "waiting":
        respond({ waiting: this.scenario.waiting ?? null });
        return;
      case "provenance":
        respond({ provenance: PROVENANCE });
        return;
      case "snapshotFiles": {
        const files = Array.from({ length: 400 }, (_, index) => ({
          path: `src/part${index}.py`,
          bytes: 1000 + index,
          mode: "100644",
        }));
        respond({ files, truncated: true });
        return;
      }
    }
  }
}

const WITHOUT_RUNGS: SearchState = {
  progress: 0.5,
  trialsPlanned: null,
  smallerIsBetter: true,
  timeMetric: null,
  brackets: null,
  space: [],
};

const PROVENANCE = {
  interpreter: { path: "/home/ada/digits/.venv/bin/python", version: "3.11.2" },
  os: "Linux 6.1, Debian 12",
  devices: [],
  driver: null,
  threads: { OMP_NUM_THREADS: 2, torch: 2 },
  seeds: { python: 1234, numpy: 1234, torch: "not seen" },
  packages: Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`package-${index}`, `1.${index}.0`]),
  ),
  data: [{ path: "data/digits.npz", bytes: 123456, sha256: "a".repeat(64) }],
  optimizer: null,
};

const host =
  query.get("page") === "compare"
    ? new FakeCompareHost(query.get("scenario") ?? "two")
    : query.get("page") === "pool"
      ? new FakePoolHost(query.get("scenario") ?? "8x3")
      : new FakeHost();
Object.assign(window, {
  host,
  acquireVsCodeApi: () => ({
    postMessage: (message: unknown) => host.receive(structuredClone(message)),
    getState: () => JSON.parse(sessionStorage.getItem("state") ?? "null") as unknown,
    setState: (state: unknown) => {
      host.saved = state;
      sessionStorage.setItem("state", JSON.stringify(state));
    },
  }),
});

const violations: string[] = [];
Object.assign(window, { violations });
document.addEventListener("securitypolicyviolation", (event) => {
  violations.push(
    `${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`,
  );
});

function applyTheme(name: string): void {
  const theme = THEMES[name] ?? THEMES.dark;
  if (theme === undefined) return;
  for (const [key, value] of Object.entries(theme.colours))
    document.documentElement.style.setProperty(key, value);
  document.body.className = theme.bodyClass;
}
Object.assign(window, { applyTheme });
document.addEventListener("DOMContentLoaded", () => applyTheme(query.get("theme") ?? "dark"));

/** As the pool does it, on plain text. */
function searchText(output: string, asked: z.output<(typeof REQUESTS)["searchOutput"]["params"]>) {
  const { text, matchCase } = asked.query;
  const encoder = new TextEncoder();
  let next = 0;
  const all = output.split("\n").map((line, index) => {
    const offset = next;
    next += encoder.encode(line).length + 1;
    return { line, offset, number: index + 1 };
  });
  const fold = (one: string) => (matchCase ? one : one.toLowerCase());
  const start = asked.from?.offset ?? (asked.direction === "forward" ? 0 : Infinity);
  const hits = all.filter(({ line, offset }) => {
    const isThere = asked.direction === "forward" ? offset >= start : offset < start;
    return isThere && fold(line).includes(fold(text));
  });
  if (asked.direction === "backward") hits.reverse();
  const chosen = hits.slice(0, asked.limit);
  const last = chosen.at(-1);
  return {
    matches: chosen.map(({ line, offset, number }) => {
      const from = fold(line).indexOf(fold(text));
      return {
        offset,
        at: offset + from,
        line: number,
        excerpt: line,
        found: { from, to: from + text.length },
      };
    }),
    next:
      hits.length > chosen.length && last !== undefined
        ? { offset: last.offset + Number(asked.direction === "forward"), lineStart: null }
        : null,
    size: encoder.encode(output).length,
    dropped: 0,
  };
}
