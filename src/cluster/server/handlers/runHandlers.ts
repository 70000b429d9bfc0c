/** Files, provenance and checkpoints of runs. */
import path from "node:path";
import { CallError } from "../callError.ts";
import type { Checkpoint } from "../../protocol/entities.ts";
import { readManifest } from "../experiments/checkpoints.ts";
import type { Context } from "../experiments/context.ts";
import { createMask } from "../experiments/masking.ts";
import type { Experiments } from "../experiments/service.ts";
import { messageOf } from "../errors.ts";
import { findInside } from "../insidePath.ts";
import type { Handlers, Tickets } from "../ports.ts";
import { portsOf } from "../runs/ports.ts";
import type { RunRecord } from "../store/records.ts";
import { mustHaveRun } from "./mustHaveRun.ts";
import { readProvenance } from "./provenance.ts";

type RunMethod =
  "run/files" | "run/ports" | "run/provenance" | "checkpoint/manifest" | "checkpoint/pin" | "bulk/open";

export function createRunHandlers(
  context: Context,
  experiments: Experiments,
  tickets: () => Tickets,
): Pick<Handlers, RunMethod> {
  const { store, files } = context;
  const checkpointsFolder = path.join(context.pool, "checkpoints");

  const run = (id: string): RunRecord => mustHaveRun(store, id);
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

  async function checkpointFile(uuid: string, file: string): Promise<{ path: string; bytes: number }> {
    checkpoint(uuid);
    const found = await findInside(path.join(checkpointsFolder, uuid, "files"), file, "file");
    if (found === null)
      throw new CallError(
        "notFound",
        `The checkpoint ${uuid} has no file ${file}.`,
        "Choose another checkpoint.",
      );
    return found;
  }

  return {
    "run/files"({ runId, path: folder }) {
      run(runId);
      return files.list(runId, folder);
    },
    "run/ports"({ runId }) {
      const { run: found, own } = run(runId);
      return { ports: found.outcome === null ? portsOf(own.spec.key).slice(0, 1000) : [] };
    },
    async "run/provenance"({ runId }) {
      const record = run(runId);
      const experiment = experiments.experiment(record.own.spec.experiment);
      return {
        provenance: await readProvenance(context, record, experiment, experiments.dispatcher.slots()),
      };
    },
    async "checkpoint/manifest"({ uuid }) {
      const { experimentId } = checkpoint(uuid);
      try {
        const manifest = await readManifest(checkpointsFolder, uuid);
        const mask = createMask(context.secrets.read(experimentId));
        return { manifest: { ...manifest, metadata: mask(manifest.metadata) } };
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
      const found =
        source.type === "checkpointFile"
          ? await checkpointFile(source.uuid, source.path)
          : await files.locate(run(source.runId).run.id, source.path);
      return { ticket: tickets().issue(clientId, { kind: "file", ...found }), bytes: found.bytes };
    },
  };
}
