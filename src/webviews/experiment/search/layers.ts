/** Canvases above one another, sharp on every screen. */
import { h } from "../../ui/dom.ts";

export class Layers {
  /** The lowest first. */
  readonly canvases: readonly HTMLCanvasElement[];

  constructor(count: number) {
    this.canvases = Array.from({ length: count }, () => h("canvas", { "aria-hidden": "true" }));
  }

  resize(widthPx: number, heightPx: number): void {
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of this.canvases) {
      const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)];
      // Setting the same size would empty it all the same.
      if (canvas.width === width && canvas.height === height) continue;
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${widthPx}px`;
      canvas.style.height = `${heightPx}px`;
    }
  }

  context(layer: number): CanvasRenderingContext2D | null {
    const context = this.canvases[layer]?.getContext("2d") ?? null;
    const ratio = window.devicePixelRatio || 1;
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }
}
