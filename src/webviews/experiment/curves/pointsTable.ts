/** A chart's twin: its points as a table, one row for each step. */
import { h, setText } from "../../ui/dom.ts";
import { Table } from "../../ui/table.ts";
import { formatExact, formatInteger, formatTime, plural } from "../format.ts";
import type { ChartSpec } from "./charts.ts";
import type { PointColumns } from "./columns.ts";

interface Row {
  step: number;
  time: number;
  values: (number | undefined)[];
}

export class PointsTable {
  readonly element: HTMLElement;
  private readonly table: Table<Row>;
  private readonly note = h("p", { class: "quiet" });
  private readonly spec: ChartSpec;

  constructor(spec: ChartSpec) {
    this.spec = spec;
    this.table = new Table<Row>({
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
    this.element = h("div", { class: "points-table" }, this.table.element, this.note);
  }

  /** @param curves in the order of the chart's curves */
  set(curves: readonly PointColumns[]): void {
    this.table.set(pointRows(curves));
    const total = this.spec.curves.reduce((sum, curve) => sum + curve.series.count, 0);
    const held = curves.reduce((sum, columns) => sum + columns.length, 0);
    setText(
      this.note,
      held < total
        ? `${plural(held, "point")} of ${formatInteger(total)}: highest and lowest of each interval.`
        : "",
    );
  }
}

/** One row for each step that any curve has; superseded points are left out. */
export function pointRows(curves: readonly PointColumns[]): Row[] {
  const rows = new Map<number, Row>();
  curves.forEach((columns, curve) => {
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
