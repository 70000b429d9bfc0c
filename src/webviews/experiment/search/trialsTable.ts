/** All trials of a search as a table: sorted by any column, filtered by text, one click from the trial's curves. */
import type { MetricChoice } from "../../../cluster/protocol/entities.ts";
import { textField } from "../../ui/controls.ts";
import { h, icon, setText } from "../../ui/dom.ts";
import { Table, type Column } from "../../ui/table.ts";
import { nameFilter } from "../curves/charts.ts";
import { formatInteger, formatValue, plural } from "../format.ts";
import { stateLook } from "../states.ts";
import {
  differingParameters,
  parameterColumn,
  parameterText,
  rowText,
  sortRows,
  type Sort,
  type TrialRow,
} from "./trialRows.ts";

export interface TrialsTableOptions {
  filter: string;
  sort: Sort | null;
  onChoice: (choice: { filter?: string; sort?: Sort }) => void;
  onSelect: (trialId: string) => void;
}

export class TrialsTable {
  readonly element: HTMLElement;
  private readonly options: TrialsTableOptions;
  private readonly slot = h("div", { class: "trials-slot" });
  private readonly count = h("span", { class: "quiet numeric" });
  private readonly error = h("span", { class: "field-error", role: "alert" });
  private table: Table<TrialRow> | null = null;
  /** What the table has columns for. */
  private madeFor = "";
  private filter: string;
  private sort: Sort | null;
  private rows: readonly TrialRow[] = [];
  private isWithin: (row: TrialRow) => boolean = () => true;
  private metric: MetricChoice | null = null;
  private selected: string | null = null;
  private best: string | null = null;

  constructor(options: TrialsTableOptions) {
    this.options = options;
    this.filter = options.filter;
    this.sort = options.sort;
    this.element = h(
      "section",
      { class: "trials", "aria-label": "Trials" },
      h(
        "div",
        { class: "toolbar" },
        textField({
          label: "Filter trials by text or regular expression",
          placeholder: "Filter trials, e.g. stopped|lr=0.0",
          value: options.filter,
          onInput: (filter) => {
            this.filter = filter;
            options.onChoice({ filter });
            this.show();
          },
        }),
        this.count,
        this.error,
      ),
      this.slot,
    );
  }

  update(
    rows: readonly TrialRow[],
    metric: MetricChoice | null,
    {
      selected,
      best,
      isWithin,
    }: { selected: string | null; best: string | null; isWithin: (row: TrialRow) => boolean },
  ): void {
    this.rows = rows;
    this.isWithin = isWithin;
    this.metric = metric;
    this.selected = selected;
    this.best = best;
    this.show();
  }

  private show(): void {
    const all = this.rows;
    const filter = nameFilter(this.filter);
    setText(this.error, filter.error ?? "");
    const rows = all.filter(
      (row) => this.isWithin(row) && (filter.matches === null || filter.matches(rowText(row))),
    );
    setText(
      this.count,
      rows.length === all.length
        ? plural(all.length, "trial")
        : `${formatInteger(rows.length)} of ${plural(all.length, "trial")}`,
    );
    const sort = this.sort ?? { column: "best", ascending: this.metric?.smallerIsBetter !== false };
    const table = this.tableFor(differingParameters(all));
    table.markSort(sort.column, sort.ascending);
    table.set(sortRows(rows, sort));
  }

  private tableFor(parameters: readonly string[]): Table<TrialRow> {
    const metric = this.metric?.name ?? "value";
    const madeFor = JSON.stringify([metric, parameters]);
    if (this.table !== null && this.madeFor === madeFor) return this.table;
    this.madeFor = madeFor;
    this.table = new Table<TrialRow>({
      label: "Trials, Enter shows one",
      key: ({ trial }) => trial.id,
      onOpen: ({ trial }) => this.options.onSelect(trial.id),
      opensOnClick: true,
      onSort: (column) => this.sortBy(column),
      rowClass: ({ trial }) =>
        [trial.id === this.best ? "is-best" : "", trial.id === this.selected ? "is-selected" : ""]
          .join(" ")
          .trim(),
      columns: [...this.fixedColumns(metric), ...parameters.map(parameterColumnOf)],
    });
    this.slot.replaceChildren(this.table.element);
    return this.table;
  }

  private fixedColumns(metric: string): Column<TrialRow>[] {
    return [
      { title: "Trial", numeric: true, sortKey: "number", text: ({ trial }) => String(trial.number) },
      {
        title: "State",
        sortKey: "state",
        cell: ({ trial }) => {
          const look = stateLook(trial.state);
          return [
            h(
              "span",
              { class: `trial-state tone-${look.tone}` },
              icon(look.icon),
              h("span", null, look.word),
            ),
          ];
        },
        dependsOn: ({ trial }) => trial.state,
        hint: ({ trial }) => trial.failure?.message ?? trial.waitReason ?? "",
      },
      {
        title: metric,
        numeric: true,
        sortKey: "best",
        text: ({ trial }) => (trial.best === null ? "" : formatValue(trial.best.value)),
        hint: ({ trial }) => (trial.best === null ? "" : `at step ${formatInteger(trial.best.step)}`),
      },
      {
        title: "Step",
        numeric: true,
        sortKey: "step",
        text: ({ trial }) => (trial.latestStep === null ? "" : formatInteger(trial.latestStep)),
      },
    ];
  }

  /** Again: the other way round. */
  private sortBy(column: string): void {
    const now = this.sort ?? { column: "best", ascending: this.metric?.smallerIsBetter !== false };
    this.sort = { column, ascending: now.column === column ? !now.ascending : true };
    this.options.onChoice({ sort: this.sort });
    this.show();
  }
}

function parameterColumnOf(name: string): Column<TrialRow> {
  return {
    title: name,
    className: "parameter numeric",
    sortKey: parameterColumn(name),
    text: ({ parameters }) => parameterText(parameters.get(name)),
  };
}
