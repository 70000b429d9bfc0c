/** Colours by how good a value is: from what recedes to what stands out, so that also without colour the best is seen. */
import { mixed, type Palette } from "../curves/palette.ts";

/** As many as an eye tells apart; lines of one colour are painted at once. */
export const SHADES = 8;

/** The worst first. Blue after orange, through what lies between, darker or lighter all the way: safe for colour-blind eyes. */
export function shades({ series, quiet, foreground, background }: Palette): string[] {
  const best = series[0] ?? foreground;
  const worst = mixed(background, series[1] ?? quiet, 0.55);
  return Array.from({ length: SHADES }, (_, index) => mixed(worst, best, index / (SHADES - 1)));
}

export function shadeOf(goodness: number): number {
  return Math.min(SHADES - 1, Math.floor(goodness * SHADES));
}
