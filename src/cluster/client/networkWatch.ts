/** Notices that this machine may have a network again, or another one, or was asleep: nobody tells a program. */
import os from "node:os";

const LOOK_EVERY_MS = 300;
/** A look that comes so late did not only wait for the processor. */
const ASLEEP_MS = 10_000;

/** @returns what ends it */
export function watchNetwork(onChange: () => void): () => void {
  let addresses = addressesNow();
  let lastMs = Date.now();
  const timer = setInterval(() => {
    const [before, beforeMs] = [addresses, lastMs];
    addresses = addressesNow();
    lastMs = Date.now();
    if (addresses !== before || lastMs - beforeMs > ASLEEP_MS) onChange();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function addressesNow(): string {
  return Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
    .join(" ");
}
