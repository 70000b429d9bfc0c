/** Snapshots: in as packs, out as files and packs. */
import type { SnapshotInfo } from "../../protocol/entities.ts";
import { CallError } from "../callError.ts";
import type { Context } from "../experiments/context.ts";
import type { Experiments } from "../experiments/service.ts";
import type { Handlers, Tickets } from "../ports.ts";

const MAX_FILES = 100_000;
const MAX_FILE_BYTES = 10 * 1024 * 1024;

interface Upload {
  clientId: number;
  tree: string;
  received: Promise<void> | null;
}
type SnapshotMethod = Extract<keyof Handlers, `snapshot/${string}`>;

export function createSnapshotHandlers(
  { snapshots }: Context,
  experiments: Experiments,
  tickets: () => Tickets,
): { handlers: Pick<Handlers, SnapshotMethod>; clientGone: (clientId: number) => void } {
  const uploads = new Map<string, Upload>();
  const snapshotOf = (id: number): SnapshotInfo => experiments.experiment(id).experiment.snapshot;

  const handlers: Pick<Handlers, SnapshotMethod> = {
    async "snapshot/begin"({ tree, bases }, { clientId }) {
      const present = await snapshots.has(tree);
      const known: string[] = [];
      for (const base of bases) if (await snapshots.has(base)) known.push(base);
      if (present) return { present, bases: known, ticket: null };
      const upload: Upload = { clientId, tree, received: null };
      const ticket = tickets().issue(clientId, {
        kind: "sink",
        receive(body, signal) {
          upload.received = snapshots.receivePack(tree, body, signal);
          upload.received.catch(() => undefined); // told by snapshot/finish, and by the answer to the PUT
          return upload.received;
        },
      });
      uploads.set(ticket, upload);
      return { present, bases: known, ticket };
    },
    async "snapshot/finish"({ tree, ticket }) {
      const upload = uploads.get(ticket);
      if (upload === undefined || upload.tree !== tree)
        throw new CallError(
          "notFound",
          "This upload is not known here.",
          "Begin it again with snapshot/begin.",
        );
      if (upload.received === null)
        throw new CallError("refused", "No pack has been sent for this ticket.", "Send it, then finish.");
      uploads.delete(ticket);
      await upload.received;
      if (!(await snapshots.has(tree)))
        throw new CallError(
          "invalid",
          `The pack that was sent does not hold the tree ${tree}.`,
          "Send it again.",
        );
      return {};
    },
    "snapshot/files": ({ experimentId }) => snapshots.files(snapshotOf(experimentId).tree, MAX_FILES),
    async "snapshot/file"({ experimentId, path }) {
      return { bytes: await snapshots.readFile(snapshotOf(experimentId).tree, path, MAX_FILE_BYTES) };
    },
    "snapshot/fetch"({ experimentId }, { clientId }) {
      const { tree } = snapshotOf(experimentId);
      return {
        tree,
        ticket: tickets().issue(clientId, { kind: "stream", open: () => snapshots.openPack(tree) }),
      };
    },
  };
  return {
    handlers,
    clientGone(clientId) {
      for (const [ticket, upload] of uploads) if (upload.clientId === clientId) uploads.delete(ticket);
    },
  };
}
