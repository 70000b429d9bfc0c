/** A chart's twin: its points as a table, one row for each step. */
import { h, setText } from "../../ui/dom.ts";
import { Table } from "../../ui/table.ts";
import { formatExact, formatInteger, formatTime, plural } from "../format.ts";
import type { ChartSpec } from "./charts.ts";
import type { PointColumns } from "./columns.ts";

interface Row {
  step: number;
  time: number;
  /** In the order of the chart's curves. */
  values: (number | undefined)[];
}

export class PointsTable {
  readonly element: HTMLElement;
  private table: Table<Row> | null = null;
  /** The curves that the table has columns for. */
  private madeFor = "";
  private readonly slot = h("div", { class: "points-table-slot" });
  private readonly note = h("p", { class: "quiet" });

  constructor() {
    this.element = h("div", { class: "points-table" }, this.slot, this.note);
  }

  /**
   * @param columnsOf the points that were read of each curve, by its key
   * @param all curves of the chart, of which the table may have only those in front
   */
  set(spec: ChartSpec, columnsOf: ReadonlyMap<string, PointColumns>, all = spec.curves.length): void {
    const madeFor = JSON.stringify(spec.curves.map(({ key, label }) => [key, label]));
    if (this.table === null || madeFor !== this.madeFor) {
      this.madeFor = madeFor;
      this.table = makeTable(spec);
      this.slot.replaceChildren(this.table.element);
    }
    const curves = spec.curves.map(({ key }) => columnsOf.get(key) ?? null);
    this.table.set(pointRows(curves));
    const total = spec.curves.reduce((sum, curve) => sum + curve.series.count, 0);
    const held = curves.reduce((sum, columns) => sum + (columns?.length ?? 0), 0);
    const reduced = `${plural(held, "point")} of ${formatInteger(total)}: highest and lowest of each interval.`;
    const some = `${spec.curves.length} of ${formatInteger(all)} curves: the best, and those of the trials that you select.`;
    setText(
      this.note,
      [held < total ? reduced : "", spec.curves.length < all ? some : ""]
        .filter((one) => one !== "")
        .join(" "),
    );
  }
}

function makeTable(spec: ChartSpec): Table<Row> {
  return new Table<Row>({
    label: `${spec.title} as a table`,
    key: (row) => String(row.step),
    columns: [
      { title: "Step", numeric: true, text: (row) => formatInteger(row.step) },
      ...spec.curves.map((curve, index) => ({
        title: curve.label === "" ? spec.title : curve.label,
        numeric: true,
        text: (row: Row) => {
          const value = row.values[index];
          return value === undefined ? "" : (spec.unit.format?.(value) ?? formatExact(value));
        },
      })),
      { title: "Time", numeric: true, text: (row) => formatTime(row.time) },
    ],
  });
}

/** One row for each step that any curve has; superseded points are left out. A curve that is not read yet (null) has no values. */
export function pointRows(curves: readonly (PointColumns | null)[]): Row[] {
  const rows = new Map<number, Row>();
  curves.forEach((columns, curve) => {
    if (columns === null) return;
    for (let index = 0; index < columns.length; index++) {
      if (columns.superseded[index] === 1) continue;
      const step = columns.step[index] ?? NaN;
      const row = rows.get(step) ?? { step, time: columns.time[index] ?? NaN, values: [] };
      row.values[curve] = columns.value[index];
      rows.set(step, row);
    }
  });
  return [...rows.values()].sort((a, b) => a.step - b.step);
}
