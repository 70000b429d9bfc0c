/** What a hyperparameter draws, in words. Pure. */
import type { Json } from "../../../../cluster/protocol/base.ts";
import type { SpaceAxis } from "../../../../cluster/protocol/search.ts";
import { readSpace } from "../../../../cluster/search/space.ts";

const MOST_SHOWN = 8;

/** Null for what is no hyperparameter that can be read, or holds others. @param isGrid also its points */
export function drawsText(value: unknown, isGrid: boolean): string | null {
  const read = readSpace({ x: value as Json });
  if ("problems" in read) return null;
  const { space } = read;
  const [axis] = space.axes;
  if (!axis) return space.constants && typeof value !== "object" ? `Always ${json(value)}.` : null;
  if (axis.name !== "x") return null;
  const text = `${axisText(axis)}.`;
  if (!isGrid || space.uncounted.length > 0 || axis.type === "categorical") return text;
  const points = Array.from(
    { length: Math.min(space.gridSize, MOST_SHOWN + 1) },
    (_, index) => space.gridPoint(index).x,
  );
  return `${text}\n\nIn a grid ${space.gridSize} points: ${listed(points, space.gridSize)}.`;
}

function axisText(axis: SpaceAxis): string {
  switch (axis.type) {
    case "log": {
      const [low, high] = [axis.base ** axis.minval, axis.base ** axis.maxval];
      return `Log-uniform, ${numberText(low)} to ${numberText(high)}`;
    }
    case "int":
      return `A whole number, ${axis.minval} to ${axis.maxval}, each as likely`;
    case "double":
      return `Uniform, ${numberText(axis.minval)} to ${numberText(axis.maxval)}`;
    case "categorical":
      return `One of ${axis.vals.length}: ${listed(axis.vals, axis.vals.length)}`;
  }
}

function listed(values: readonly unknown[], count: number): string {
  const shown = values
    .slice(0, MOST_SHOWN)
    .map((one) => (typeof one === "number" ? numberText(one) : json(one)));
  return shown.join(", ") + (count > shown.length ? `, ... (${count})` : "");
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function json(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
