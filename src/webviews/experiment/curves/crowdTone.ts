/**
 * How dark a crowd is where so many of its curves lie over one another: by the logarithm of their number, between one that can still
 * be seen and the most that there are, so that structure shows in small charts too.
 */

/** Opacities, 0 to 1. */
export interface Tones {
  /** Of a curve on its own. */
  single: number;
  /** Where most of them are. */
  full: number;
}

/** Where fewer curves than this meet it is not as dark as it gets. */
const LEAST_FOR_FULL = 8;
/** Of the painted pixels so many are as dark as it gets: few places are far denser than all others. */
const FULL_SHARE = 0.005;
/** Above 1: more of the difference is where many meet. */
const CONTRAST = 1.5;
const LEAST_WEIGHT = 3;
const MOST_WEIGHT = 24;

/** The alpha (0 to 255) that one of so many curves paints; each further one covers as much of what is left. */
export function weightOf(curves: number): number {
  return Math.max(LEAST_WEIGHT, Math.min(MOST_WEIGHT, Math.floor(255 / Math.max(1, curves))));
}

/** The alpha where so many curves are painted over one another. */
export function alphaOf(curves: number, weight: number): number {
  return 255 * (1 - (1 - weight / 255) ** curves);
}

function curvesAt(alpha: number, weight: number): number {
  return Math.log(1 - Math.min(alpha, 254) / 255) / Math.log(1 - weight / 255);
}

/**
 * @param pixels how many have each counted alpha
 * @param weight what one curve paints
 * @returns the alpha (0 to 255) to show for each counted one; never less for more curves
 */
export function toneTable(
  pixels: ArrayLike<number>,
  weight: number,
  { single, full }: Tones,
): Uint8ClampedArray {
  const most = Math.max(LEAST_FOR_FULL, curvesAt(densest(pixels), weight));
  return Uint8ClampedArray.from({ length: 256 }, (_, alpha) => {
    const curves = curvesAt(alpha, weight);
    // The soft edge of one.
    if (curves <= 1) return curves * single * 255;
    const share = Math.min(1, Math.log(curves) / Math.log(most));
    return (single + (full - single) * share ** CONTRAST) * 255;
  });
}

/** The counted alpha that all but the densest pixels are at or below. */
function densest(pixels: ArrayLike<number>): number {
  let left = 0;
  for (let alpha = 1; alpha < 256; alpha++) left += (pixels[alpha] ?? 0) * FULL_SHARE;
  let alpha = 255;
  for (; alpha > 0; alpha--) {
    left -= pixels[alpha] ?? 0;
    if (left < 0) break;
  }
  return alpha;
}

/** What is counted is read back: painted by the processor, it need not be fetched from the graphics card. */
export function countingContext(counted: HTMLCanvasElement): CanvasRenderingContext2D | null {
  return counted.getContext("2d", { willReadFrequently: true });
}

/** Shows in `into` what was counted, in one colour. Both have the same size. */
export function tone(
  counted: HTMLCanvasElement,
  into: HTMLCanvasElement,
  weight: number,
  colour: string,
  tones: Tones,
): void {
  const { width, height } = counted;
  const image = countingContext(counted)?.getImageData(0, 0, width, height);
  const context = into.getContext("2d");
  if (image === undefined || context === null) return;
  // A pixel at a time: red, green, blue and alpha as one number.
  const data = new Uint32Array(image.data.buffer);
  const pixels = new Uint32Array(256);
  for (const pixel of data) pixels[pixel >>> 24] = (pixels[pixel >>> 24] ?? 0) + 1;
  const shown = Uint32Array.from(toneTable(pixels, weight, tones), (alpha) => (alpha << 24) >>> 0);
  for (let at = 0; at < data.length; at++) {
    const pixel = data[at] ?? 0;
    if (pixel !== 0) data[at] = shown[pixel >>> 24] ?? 0;
  }
  context.globalCompositeOperation = "copy";
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
}
