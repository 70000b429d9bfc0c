/**
 * Searches what running scripts print for the patterns of their log policies. Each byte is read once; where the
 * search stands is remembered now and then, so that another server reads only a little of it again (which changes nothing).
 */
import { setImmediate as breathe } from "node:timers/promises";
import { Stream } from "../../protocol/events.ts";
import { OutputLines } from "../runs/outputLines.ts";
import type { TrialRecord } from "../store/records.ts";
import type { Context } from "./context.ts";
import { cancelledReason, compilePolicies, type CompiledPolicy } from "./logPolicies.ts";
import { createMask } from "./masking.ts";

const CHUNK_BYTES = 256 * 1024;
/** Nothing depends on a line before the run has ended. */
const LOOK_EVERY_MS = 1000;
/** While there is more than was searched in the last look. */
const GO_ON_MS = 300;
/** For one run in one round: the others, and whoever calls, come after it. */
const ROUND_MS = 20;
/** For the rest of a run that has ended: nobody waits longer for a flood of output, or for a costly pattern. */
const FINISH_MS = 20_000;
/** Where the search stands is written down after so many bytes. */
const REMEMBER_BYTES = 4 * 1024 * 1024;
const MOST_LABELS = 50;

export type OutputWatch = ReturnType<typeof createOutputWatch>;

interface Search {
  policies: CompiledPolicy[];
  /** `waiting`: lines that were read and not yet looked at, the next one last. */
  streams: Record<Stream, { offset: number; lines: OutputLines; waiting: string[] }>;
  rememberedAt: number;
  /** When it is looked at again; milliseconds of performance.now(). */
  dueAtMs: number;
}

export function createOutputWatch({ store, output, secrets, logger }: Context) {
  const searches = new Map<string, Search>();

  function searchOf(runId: string): Search | null {
    const known = searches.get(runId);
    if (known !== undefined) return known;
    const run = store.run(runId);
    const request = run && store.experiment(run.own.spec.experiment)?.own.request;
    if (!run || !request) return null;
    const from = run.own.searched ?? { stdout: 0, stderr: 0 };
    const stream = (offset: number) => ({ offset, lines: new OutputLines(), waiting: [] });
    const search: Search = {
      // An experiment of an earlier version has none.
      policies: compilePolicies(request.configuration.value.log_policies ?? []),
      streams: { stdout: stream(from.stdout), stderr: stream(from.stderr) },
      rememberedAt: from.stdout + from.stderr,
      dueAtMs: -Infinity,
    };
    searches.set(runId, search);
    return search;
  }

  /** Sizes are asked for first: most scripts print seldom, and reading costs ten times as much. */
  async function hasMore(runId: string, { streams }: Search): Promise<boolean> {
    const sizes = await output.sizes(runId);
    return Stream.options.some(
      (name) => streams[name].waiting.length > 0 || sizes[name] > streams[name].offset,
    );
  }

  /** @returns whether there is nothing more for now */
  async function advance(runId: string, search: Search, until: number): Promise<boolean> {
    for (const name of Stream.options) {
      const stream = search.streams[name];
      for (;;) {
        while (stream.waiting.length > 0) {
          if (performance.now() > until) return false;
          take(runId, search, stream.waiting.pop() ?? "");
        }
        const { bytes, offset } = await output.read(runId, name, stream.offset, CHUNK_BYTES);
        if (bytes.byteLength === 0) break;
        // What was dropped in between ended a line somewhere.
        if (offset > stream.offset) stream.lines = new OutputLines();
        stream.offset = offset + bytes.byteLength;
        stream.waiting = stream.lines.feed(bytes).reverse();
      }
    }
    remember(runId, search);
    return true;
  }

  function take(runId: string, search: Search, line: string): void {
    for (const policy of search.policies) if (policy.matches(line)) found(runId, search, policy, line);
  }

  /** Once for each policy and run: what it changes does not change twice. */
  function found(runId: string, search: Search, policy: CompiledPolicy, line: string): void {
    search.policies = search.policies.filter((other) => other !== policy);
    const trialId = store.run(runId)?.run.trialId;
    const record = trialId === undefined ? null : store.trial(trialId);
    if (record === null) return;
    label(record, policy);
    if (policy.action !== null)
      record.own.retriesCancelled ??= createMask(secrets.read(record.trial.experimentId))(
        cancelledReason(policy, line),
      );
    store.putTrial(record);
    logger.info("a line of a run matched a log policy", {
      runId,
      policy: policy.name,
      action: policy.action,
    });
  }

  /** A person may have taken it away again: then it does not come back with the next attempt. */
  function label({ trial, own }: TrialRecord, { name }: CompiledPolicy): void {
    if (name === null || trial.labels.length >= MOST_LABELS) return;
    own.labelsByPolicies ??= [];
    if (own.labelsByPolicies.includes(name)) return;
    own.labelsByPolicies.push(name);
    if (!trial.labels.includes(name)) trial.labels = [...trial.labels, name];
  }

  function remember(runId: string, search: Search): void {
    const { stdout, stderr } = search.streams;
    if (stdout.offset + stderr.offset - search.rememberedAt < REMEMBER_BYTES) return;
    search.rememberedAt = stdout.offset + stderr.offset;
    const run = store.run(runId);
    if (run === null) return;
    const searched = {
      stdout: stdout.offset - stdout.lines.pending,
      stderr: stderr.offset - stderr.lines.pending,
    };
    store.putRun({ ...run, own: { ...run.own, searched } });
  }

  return {
    /** What was printed since the last look, as far as a short time goes. */
    async look(runId: string): Promise<void> {
      const search = searchOf(runId);
      const now = performance.now();
      if (search === null || now < search.dueAtMs) return;
      search.dueAtMs = now + LOOK_EVERY_MS;
      if (!(await hasMore(runId, search))) return;
      if (!(await advance(runId, search, performance.now() + ROUND_MS))) search.dueAtMs = now + GO_ON_MS;
    },
    /** The rest, before it is decided what becomes of the trial. */
    async finish(runId: string): Promise<void> {
      const search = searchOf(runId);
      if (search === null) return;
      const limit = performance.now() + FINISH_MS;
      while (!(await advance(runId, search, performance.now() + ROUND_MS))) {
        if (performance.now() > limit) {
          logger.warn("the output of a run was not searched to its end", { runId });
          break;
        }
        await breathe();
      }
      for (const name of Stream.options)
        for (const line of search.streams[name].lines.finish()) take(runId, search, line);
      searches.delete(runId);
    },
  };
}
