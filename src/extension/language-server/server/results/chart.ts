/** A curve, or points, as a picture in Markdown: an SVG whose only text are numbers, in the colours of the theme. Pure. */
import { formatValue } from "../../../format.ts";
import type { Theme } from "../../contract.ts";

const [WIDTH, HEIGHT] = [330, 112];
const PLOT = { left: 68, right: 322, top: 8, bottom: 90 };
/** Widest range, as a ratio, that a linear axis shows: of parameters, which are searched over by their logarithms, less. */
const MOST_RATIO = 1000;
const MOST_RATIO_OF_PARAMETERS = 20;

const COLORS: Readonly<Record<Theme, { text: string; grid: string; line: string; bad: string }>> = {
  light: { text: "#3b3b3b", grid: "#d4d4d4", line: "#1a5fb4", bad: "#b5200d" },
  dark: { text: "#cccccc", grid: "#4a4a4a", line: "#59a4f9", bad: "#f88070" },
  highContrastLight: { text: "#000000", grid: "#0f4a85", line: "#0f4a85", bad: "#b5200d" },
  highContrast: { text: "#ffffff", grid: "#6fc3df", line: "#ffffff", bad: "#ff9d8f" },
};

type Point = readonly [x: number, y: number];

export interface ChartOptions {
  readonly theme: Theme;
  /** Points have no order, as trials have none. */
  readonly marks: "line" | "points";
}

/** @returns `![](data:...)`; "" where there is nothing to draw */
export function chartImage(points: readonly Point[], options: ChartOptions): string {
  const svg = chartSvg(points, options);
  return svg === "" ? "" : `![](data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")})`;
}

export function chartSvg(points: readonly Point[], { theme, marks }: ChartOptions): string {
  const color = COLORS[theme];
  const placed = points.filter(([x]) => Number.isFinite(x));
  const finite = placed.filter(([, y]) => Number.isFinite(y));
  if (placed.length === 0) return "";
  const x = scaleOf(
    placed.map(([value]) => value),
    PLOT.left,
    PLOT.right,
    marks === "points" ? MOST_RATIO_OF_PARAMETERS : null,
  );
  const y = scaleOf(
    finite.map(([, value]) => value),
    PLOT.bottom,
    PLOT.top,
    MOST_RATIO,
  );
  const text = (content: string, at: string): string => `<text ${at} fill="${color.text}">${content}</text>`;
  const parts = [
    `<path d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none" stroke="${color.grid}"/>`,
    ...y.labels.map(({ at, label }) => text(label, `x="${PLOT.left - 6}" y="${at + 4}" text-anchor="end"`)),
    ...x.labels.map(({ at, label }, index) =>
      text(label, `x="${at}" y="${PLOT.bottom + 15}" text-anchor="${index === 0 ? "start" : "end"}"`),
    ),
    ...(y.isLog
      ? [text("log", `x="${PLOT.left - 6}" y="${(PLOT.top + PLOT.bottom) / 2 + 4}" text-anchor="end"`)]
      : []),
  ];
  if (marks === "points" || finite.length === 1)
    parts.push(
      ...finite.map(([a, b]) => `<circle cx="${x.at(a)}" cy="${y.at(b)}" r="3" fill="${color.line}"/>`),
    );
  else
    parts.push(
      ...stretches(placed).map((stretch) => {
        const d = stretch.map(([a, b], index) => `${index === 0 ? "M" : "L"}${x.at(a)} ${y.at(b)}`).join("");
        // A single point between two that are no numbers is a dot.
        return `<path d="${d}${stretch.length === 1 ? "h0" : ""}" fill="none" stroke="${color.line}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>`;
      }),
    );
  // What is no number stands as a cross on the axis.
  for (const [a] of placed.filter(([, value]) => !Number.isFinite(value)).slice(0, 100))
    parts.push(
      `<path d="M${round(x.at(a) - 2)} ${PLOT.bottom - 2}l4 4m0-4l-4 4" stroke="${color.bad}" stroke-width="1.5"/>`,
    );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
    `font-family="system-ui, sans-serif" font-size="11">${parts.join("")}</svg>`
  );
}

interface Scale {
  readonly isLog: boolean;
  at(value: number): number;
  readonly labels: readonly { at: number; label: string }[];
}

function scaleOf(values: readonly number[], from: number, to: number, logAbove: number | null): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const middle = (from + to) / 2;
  if (values.length === 0) return { isLog: false, at: () => middle, labels: [] };
  // Halves: the whole difference may be larger than any number. Of the smallest numbers half is nothing.
  if (!(high / 2 > low / 2))
    return { isLog: false, at: () => middle, labels: [{ at: middle, label: formatValue(low) }] };
  const isLog = logAbove !== null && low > 0 && high / low > logAbove;
  const place = (value: number): number => (isLog ? Math.log(value) : value / 2);
  const span = place(high) - place(low);
  return {
    isLog,
    at: (value) => round(from + ((place(value) - place(low)) / span) * (to - from)),
    labels: [
      { at: from, label: formatValue(low) },
      { at: to, label: formatValue(high) },
    ],
  };
}

/** Between what is no number. */
function stretches(points: readonly Point[]): Point[][] {
  const found: Point[][] = [[]];
  for (const point of points)
    if (Number.isFinite(point[1])) found.at(-1)?.push(point);
    else if (found.at(-1)?.length !== 0) found.push([]);
  return found.filter((stretch) => stretch.length > 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
