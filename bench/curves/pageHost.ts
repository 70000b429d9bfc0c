/** Runs inside the page that is measured, before its own script: passes on what it asks, and counts what it still waits for. */
import type { FromPage } from "../../src/webviews/contract/messages.ts";
import { THEMES } from "../../test/webviews/support/themes.ts";

/** Requests and frames of the page that are not done yet, and when the last one was. */
const meter = { pending: 0, lastAt: 0, snapshotAt: 0, firstAt: 0, requests: 0 };
const nextFrame = window.requestAnimationFrame.bind(window);
const cancelFrame = window.cancelAnimationFrame.bind(window);
const frames = new Set<number>();

function isPainted(): boolean {
  return document.querySelector(".plot:not(.is-waiting)") !== null;
}

window.requestAnimationFrame = (work) => {
  const id = nextFrame((time) => {
    if (frames.delete(id)) meter.pending--;
    work(time);
    meter.lastAt = performance.now();
    if (meter.firstAt === 0 && isPainted()) meter.firstAt = performance.now();
  });
  frames.add(id);
  meter.pending++;
  return id;
};
window.cancelAnimationFrame = (id) => {
  if (frames.delete(id)) meter.pending--;
  cancelFrame(id);
};

/** An answer is u32 length of its JSON, the JSON, padded to 8 bytes, and the bytes of the curves. */
async function ask(message: object): Promise<{ json: Record<string, unknown>; columns: ArrayBuffer }> {
  const response = await fetch("/host", { method: "POST", body: JSON.stringify(message) });
  const bytes = await response.arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const json = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Record<
    string,
    unknown
  >;
  return { json, columns: bytes.slice(Math.ceil((4 + length) / 8) * 8) };
}

async function receive(raw: unknown): Promise<void> {
  // Not checked here: the page's own time is measured.
  const message = raw as FromPage;
  if (message.type === "problem") console.error(message.message);
  if (message.type !== "ready" && message.type !== "request") return;
  meter.pending++;
  try {
    const { json, columns } = await ask(message);
    if (message.type === "ready") meter.snapshotAt = performance.now();
    else meter.requests++;
    const data =
      message.type === "ready"
        ? { type: "snapshot", version: 1, snapshot: json }
        : { type: "answer", request: message.request, value: { ...json, columns }, error: null };
    window.dispatchEvent(new MessageEvent("message", { data }));
    // What the page does with it begins in its next microtasks.
    await new Promise((resolve) => setTimeout(resolve));
    meter.lastAt = performance.now();
  } finally {
    meter.pending--;
  }
}

/** When the page has nothing left to do: the time of the last thing that it did. */
async function settled(): Promise<number> {
  for (let quiet = 0; quiet < 4;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    quiet = meter.pending === 0 ? quiet + 1 : 0;
  }
  return meter.lastAt;
}

Object.assign(window, {
  meter,
  settled,
  nextFrame,
  acquireVsCodeApi: () => ({
    postMessage: (message: unknown) => void receive(message),
    getState: () => null,
    setState: () => undefined,
  }),
});
document.addEventListener("DOMContentLoaded", () => {
  const theme = THEMES.dark;
  for (const [key, value] of Object.entries(theme?.colours ?? {}))
    document.documentElement.style.setProperty(key, value);
  document.body.className = theme?.bodyClass ?? "";
});
