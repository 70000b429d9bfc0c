/** Colours and fonts for the canvas, read from the theme. A canvas does not follow CSS variables by itself. */
import { SERIES_COLOURS } from "./charts.ts";

export interface Palette {
  series: string[];
  foreground: string;
  quiet: string;
  grid: string;
  background: string;
  focus: string;
  bad: string;
  highContrast: boolean;
  /** Family for numbers. */
  monospace: string;
  sizePx: number;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  const foreground = read("--vscode-foreground", "#888888");
  const classes = document.body.classList;
  const highContrast =
    classes.contains("vscode-high-contrast") || classes.contains("vscode-high-contrast-light");
  return {
    series: Array.from({ length: SERIES_COLOURS }, (_, index) =>
      read(`--vscode-trainyard-series${index + 1}`, foreground),
    ),
    foreground,
    quiet: highContrast ? foreground : read("--vscode-descriptionForeground", foreground),
    grid: withAlpha(foreground, highContrast ? 0.35 : 0.13),
    background: read("--vscode-editor-background", "transparent"),
    focus: read("--vscode-focusBorder", foreground),
    bad: read("--vscode-errorForeground", foreground),
    highContrast,
    monospace: read("--vscode-editor-font-family", "monospace"),
    sizePx: Math.max(10, parseFloat(read("--vscode-font-size", "13px")) - 2),
  };
}

/** `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb()` or `rgba()` with this opacity; anything else as it is. */
export function withAlpha(colour: string, alpha: number): string {
  const channels = channelsOf(colour);
  return channels === null ? colour : `rgba(${channels.join(", ")}, ${alpha})`;
}

/** So far (0 to 1) on the way from one colour to another; where one is not understood, the other. */
export function mixed(from: string, to: string, share: number): string {
  const [a, b] = [channelsOf(from), channelsOf(to)];
  if (a === null || b === null) return b === null ? from : to;
  return `rgb(${a.map((channel, at) => Math.round(channel + ((b[at] ?? 0) - channel) * share)).join(", ")})`;
}

function channelsOf(colour: string): number[] | null {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(colour)?.[1];
  if (hex !== undefined) {
    const long = hex.length < 6 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16));
  }
  const numbers = /^rgba?\(([^)]+)\)$/
    .exec(colour)?.[1]
    ?.split(/[\s,/]+/)
    .slice(0, 3)
    .map(Number);
  return numbers ?? null;
}
