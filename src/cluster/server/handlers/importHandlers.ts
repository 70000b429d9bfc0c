/** Imports: an event file in by bulk, then an experiment of it. */
import { CallError } from "../callError.ts";
import { MAX_IMPORT_BYTES } from "../../protocol/imports.ts";
import type { Experiments } from "../experiments/service.ts";
import type { Handlers, Tickets } from "../ports.ts";

type ImportMethod = "import/known" | "import/begin" | "experiment/import";

export function createImportHandlers(
  { imports }: Experiments,
  tickets: () => Tickets,
): { handlers: Pick<Handlers, ImportMethod>; clientGone: (clientId: number) => void } {
  const uploads = new Map<string, { clientId: number; received: Promise<string> | null }>();

  return {
    handlers: {
      "import/known": ({ ids }) => ({ known: imports.known(ids) }),
      "import/begin"({ bytes }, { clientId }) {
        if (bytes > MAX_IMPORT_BYTES)
          throw new CallError(
            "refused",
            `It has ${bytes} bytes of points; one run may have ${MAX_IMPORT_BYTES}.`,
            "Log fewer points, or leave this run out.",
          );
        const upload: { clientId: number; received: Promise<string> | null } = { clientId, received: null };
        const ticket = tickets().issue(clientId, {
          kind: "sink",
          async receive(body, signal) {
            upload.received = imports.receive(body, signal);
            upload.received.catch(() => undefined); // told by experiment/import, and by the answer to the PUT
            await upload.received;
          },
        });
        uploads.set(ticket, upload);
        return { ticket };
      },
      async "experiment/import"({ ticket, run }) {
        const upload = uploads.get(ticket);
        if (upload === undefined)
          throw new CallError("notFound", "This import is not known here.", "Begin it again.");
        if (upload.received === null)
          throw new CallError("refused", "No event file has been sent for this ticket.", "Send it first.");
        uploads.delete(ticket);
        return imports.finish(run, await upload.received);
      },
    },
    clientGone(clientId) {
      for (const [ticket, upload] of uploads) {
        if (upload.clientId !== clientId) continue;
        uploads.delete(ticket);
        upload.received?.then(imports.discard).catch(() => undefined); // what failed has left nothing
      }
    },
  };
}
