/** A call that fails since the disk does: told as that, and the watch of the disk hears of it. */
import { CallError } from "../callError.ts";
import type { Handlers } from "../ports.ts";
import { diskErrorInWords, diskErrorOf } from "../resources/diskErrors.ts";
import type { DiskWatch } from "../resources/diskWatch.ts";

type Call = (...given: unknown[]) => unknown;

const REMEDY =
  "Nothing of it was done. Give the disk room (`trainyard checkpoints collect` shows what can go), then try again.";

export function withDiskErrors(handlers: Handlers, disk: Pick<DiskWatch, "noticed">): Handlers {
  const wrapped = Object.entries(handlers).map(([method, handler]): [string, Call] => [
    method,
    async (...given: unknown[]): Promise<unknown> => {
      try {
        return await (handler as Call)(...given);
      } catch (error) {
        const code = diskErrorOf(error);
        if (code === null) throw error;
        disk.noticed(error);
        throw new CallError(
          "unavailable",
          `The disk of the pool ${diskErrorInWords(code)} (${method}).`,
          REMEDY,
        );
      }
    },
  ]);
  return Object.fromEntries(wrapped) as unknown as Handlers;
}
