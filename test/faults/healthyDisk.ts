/** A disk that always has room, for tests of what needs one. */
import type { DiskWatch } from "../../src/cluster/server/resources/diskWatch.ts";

export const healthyDisk: DiskWatch = {
  state: { state: "ok", message: null, freeBytes: 1e12, totalBytes: 2e12 },
  isUsable: true,
  fresh: () => Promise.resolve(healthyDisk.state),
  noticed: () => false,
  warn: () => undefined,
  onChange: () => undefined,
  close: () => undefined,
};
