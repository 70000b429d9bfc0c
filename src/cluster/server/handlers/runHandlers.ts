/** Output, files, provenance and checkpoints of runs. */
import { lstat } from "node:fs/promises";
import path from "node:path";
import { CallError } from "../callError.ts";
import type { Checkpoint } from "../../protocol/entities.ts";
import { readManifest } from "../experiments/checkpoints.ts";
import type { Context } from "../experiments/context.ts";
import type { Experiments } from "../experiments/service.ts";
import { messageOf } from "../errors.ts";
import type { Handlers, Tickets } from "../ports.ts";
import type { RunRecord } from "../store/records.ts";
import { resolveInside } from "./insidePath.ts";
import { readMaskedOutput } from "./maskedOutput.ts";
import { readProvenance } from "./provenance.ts";
import { listRunFiles } from "./runFiles.ts";

type RunMethod =
  "output/read" | "run/files" | "run/provenance" | "checkpoint/manifest" | "checkpoint/pin" | "bulk/open";

export function createRunHandlers(
  context: Context,
  experiments: Experiments,
  tickets: () => Tickets,
): Pick<Handlers, RunMethod> {
  const { store } = context;
  const checkpointsFolder = path.join(context.pool, "checkpoints");
  const folderOf = (runId: string) => path.join(context.pool, "runs", runId);

  function run(id: string): RunRecord {
    const record = store.run(id);
    if (record === null)
      throw new CallError("notFound", `There is no run ${id} in this pool.`, "It may have been deleted.");
    return record;
  }
  function checkpoint(uuid: string): Checkpoint {
    const found = store.checkpoint(uuid);
    if (found === null)
      throw new CallError(
        "notFound",
        `There is no checkpoint ${uuid} in this pool.`,
        "It may have been deleted.",
      );
    return found;
  }

  /** A plain file, for the bulk channel. */
  async function file(folder: string, relative: string): Promise<{ path: string; bytes: number }> {
    const target = await resolveInside(folder, relative);
    const stat = await lstat(target);
    if (!stat.isFile())
      throw new CallError("invalid", `${relative} is not a file.`, "Open one of its files.");
    return { path: target, bytes: stat.size };
  }

  return {
    async "output/read"({ runId, stream, offset, limit }) {
      const { run: found, own } = run(runId);
      const hasEnded = found.outcome !== null;
      const secrets = context.secrets.read(own.spec.experiment);
      const read = await readMaskedOutput(context.output, secrets, runId, stream, offset, limit);
      return { ...read, ended: hasEnded && read.offset + read.bytes.byteLength >= read.size };
    },
    "run/files"({ runId, path: relative }) {
      const { run: found, own } = run(runId);
      return listRunFiles(
        path.join(folderOf(runId), "work"),
        relative,
        own.tidy ? null : (found.startedAt ?? found.endedAt ?? Date.now()),
      );
    },
    async "run/provenance"({ runId }) {
      const record = run(runId);
      const experiment = experiments.experiment(record.own.spec.experiment);
      return {
        provenance: await readProvenance(context, record, experiment, experiments.dispatcher.slots()),
      };
    },
    async "checkpoint/manifest"({ uuid }) {
      checkpoint(uuid);
      try {
        return { manifest: await readManifest(checkpointsFolder, uuid) };
      } catch (error) {
        throw new CallError(
          "unavailable",
          `The manifest of the checkpoint ${uuid} cannot be read: ${messageOf(error)}`,
          "Its folder was changed by hand; choose another checkpoint.",
        );
      }
    },
    "checkpoint/pin"({ uuid, pinned }) {
      store.putCheckpoint({ ...checkpoint(uuid), pinned });
      return {};
    },
    async "bulk/open"(source, { clientId }) {
      switch (source.type) {
        case "checkpointFile": {
          checkpoint(source.uuid);
          const found = await file(path.join(checkpointsFolder, source.uuid, "files"), source.path);
          return { ticket: tickets().issue(clientId, { kind: "file", ...found }), bytes: found.bytes };
        }
        case "runFile": {
          run(source.runId);
          const found = await file(path.join(folderOf(source.runId), "work"), source.path);
          return { ticket: tickets().issue(clientId, { kind: "file", ...found }), bytes: found.bytes };
        }
        case "output": {
          run(source.runId);
          const found = await file(folderOf(source.runId), `${source.stream}.log`);
          return { ticket: tickets().issue(clientId, { kind: "file", ...found }), bytes: found.bytes };
        }
      }
    },
  };
}
