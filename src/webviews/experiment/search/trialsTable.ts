/** All trials of a search as a table: sorted by any column, filtered by text, starred, chosen to be compared. */
import type { MetricChoice } from "../../../cluster/protocol/entities.ts";
import { LEAST_COMPARED, MOST_COMPARED } from "../../contract/messages.ts";
import { button, textField } from "../../ui/controls.ts";
import { h, icon, replaceChildren, setText } from "../../ui/dom.ts";
import { menuButton } from "../../ui/menu.ts";
import { Table, type Column } from "../../ui/table.ts";
import { formatInteger, formatValue, plural } from "../format.ts";
import { stateLook } from "../states.ts";
import {
  differingParameters,
  parameterColumn,
  parameterText,
  sortRows,
  type Sort,
  type TrialRow,
} from "./trialRows.ts";
import { MoreTrials } from "./moreTrials.ts";
import { trialName } from "./trialWords.ts";

export interface TrialsTableOptions {
  filter: string;
  onFilter: (filter: string) => void;
  /** Reads trials that match and are not on the page; `more` follows on those that were read. */
  onMore: (filter: string, more: boolean) => Promise<{ total: number }>;
  onSort: (sort: Sort) => void;
  onColumns: (hidden: string[]) => void;
  onChosen: (trialIds: string[]) => void;
  onStar: (trialId: string, starred: boolean) => void;
  onCompare: (trialIds: string[]) => void;
  onSelect: (trialId: string) => void;
}
export interface TrialsTableContents {
  rows: readonly TrialRow[];
  /** Trials of the search; more than `rows` when not all are on the page. */
  total: number;
  filter: string;
  /** Within the filter and the brushes. */
  isWithin: (row: TrialRow) => boolean;
  /** What is wrong with the filter. */
  error: string | null;
  metric: MetricChoice | null;
  sort: Sort | null;
  hiddenColumns: readonly string[];
  chosen: readonly string[];
  selected: string | null;
  best: string | null;
}
type NamedColumn = Column<TrialRow> & { sortKey: string };

/** What says which trial it is stays. */
const ALWAYS = ["starred", "number"];

export class TrialsTable {
  readonly element: HTMLElement;
  private readonly options: TrialsTableOptions;
  private readonly slot = h("div", { class: "trials-slot" });
  private readonly count = h("span", { class: "quiet numeric" });
  private readonly error = h("span", { class: "field-error", role: "alert" });
  private readonly comparing = h("div", { class: "trials-chosen" });
  private readonly more: MoreTrials;
  private table: Table<TrialRow> | null = null;
  /** What the table has columns for. */
  private madeFor = "";
  private comparingFor = "";
  private contents: TrialsTableContents | null = null;
  private chosen: ReadonlySet<string> = new Set();

  constructor(options: TrialsTableOptions) {
    this.options = options;
    this.more = new MoreTrials(options.onMore);
    this.element = h(
      "section",
      { class: "trials", "aria-label": "Trials" },
      h(
        "div",
        { class: "toolbar" },
        textField({
          label: "Filter trials, for example lr<0.01 state:completed starred",
          placeholder: "Filter, e.g. lr<0.01 state:completed starred",
          value: options.filter,
          onInput: options.onFilter,
        }),
        this.count,
        this.error,
        h("span", { class: "toolbar-room" }),
        this.comparing,
        menuButton("Columns", () => this.columnItems()),
      ),
      this.more.element,
      this.slot,
    );
  }

  set(contents: TrialsTableContents): void {
    this.contents = contents;
    const { rows, isWithin, error, metric, sort } = contents;
    const known = new Set(rows.map(({ trial }) => trial.id));
    this.chosen = new Set(contents.chosen.filter((id) => known.has(id)));
    setText(this.error, error ?? "");
    const shown = rows.filter(isWithin);
    setText(
      this.count,
      shown.length === rows.length
        ? plural(rows.length, "trial")
        : `${formatInteger(shown.length)} of ${plural(rows.length, "trial")}`,
    );
    this.more.set({
      total: contents.total,
      held: rows.length,
      shown: shown.length,
      filter: error === null ? contents.filter : null,
    });
    const by = sort ?? sortAtFirst(metric);
    const table = this.tableFor(contents);
    table.markSort(by.column, by.ascending);
    table.set(sortRows(shown, by));
    this.showComparing();
  }

  /** Made anew only when it would differ, so that focus stays where it is. */
  private showComparing(): void {
    const { size } = this.chosen;
    const ids = [...this.chosen];
    const made = ids.join();
    if (made === this.comparingFor) return;
    this.comparingFor = made;
    if (size === 0) {
      replaceChildren(this.comparing);
      return;
    }
    const isRight = size >= LEAST_COMPARED && size <= MOST_COMPARED;
    replaceChildren(
      this.comparing,
      button({
        label: `Compare ${formatInteger(size)}`,
        icon: "git-compare",
        disabledReason: isRight ? null : `${LEAST_COMPARED} to ${MOST_COMPARED} trials can be compared.`,
        onPress: () => this.options.onCompare(ids),
      }),
      button({
        label: "Choose none",
        icon: "clear-all",
        appearance: "icon",
        onPress: () => this.options.onChosen([]),
      }),
    );
  }

  private columnItems() {
    const { contents } = this;
    if (contents === null) return [];
    const hidden = new Set(contents.hiddenColumns);
    return this.allColumns(contents)
      .filter(({ sortKey }) => !ALWAYS.includes(sortKey))
      .map(({ title, sortKey }) => ({
        label: hidden.has(sortKey) ? `Show ${title}` : `Hide ${title}`,
        icon: hidden.has(sortKey) ? "blank" : "check",
        onPress: () => {
          if (!hidden.delete(sortKey)) hidden.add(sortKey);
          this.options.onColumns([...hidden]);
        },
      }));
  }

  private allColumns({ rows, metric }: TrialsTableContents): NamedColumn[] {
    const hasNames = rows.some(({ trial }) => trial.name !== null);
    return [
      ...this.fixedColumns(metric?.name ?? "value").filter(({ sortKey }) => hasNames || sortKey !== "name"),
      ...differingParameters(rows).map(parameterColumnOf),
    ];
  }

  private tableFor(contents: TrialsTableContents): Table<TrialRow> {
    const hidden = new Set(contents.hiddenColumns);
    const columns = this.allColumns(contents).filter(({ sortKey }) => !hidden.has(sortKey));
    const madeFor = JSON.stringify(columns.map(({ title, sortKey }) => [title, sortKey]));
    if (this.table !== null && this.madeFor === madeFor) return this.table;
    this.madeFor = madeFor;
    this.table = new Table<TrialRow>({
      label: "Trials: Enter shows one, Space chooses it, S stars it",
      key: ({ trial }) => trial.id,
      onOpen: ({ trial }) => this.options.onSelect(trial.id),
      opensOnClick: true,
      onSort: (column) => this.sortBy(column),
      rowClass: ({ trial }) =>
        [
          trial.id === this.contents?.best ? "is-best" : "",
          trial.id === this.contents?.selected ? "is-selected" : "",
        ]
          .join(" ")
          .trim(),
      choosing: {
        isChosen: ({ trial }) => this.chosen.has(trial.id),
        onChoose: (rows, isChosen) => this.choose(rows, isChosen),
        labelOf: trialName,
      },
      onRowKey: (key, { trial }) => {
        if (key.toLowerCase() !== "s") return false;
        this.options.onStar(trial.id, !trial.starred);
        return true;
      },
      columns,
    });
    this.slot.replaceChildren(this.table.element);
    return this.table;
  }

  private choose(rows: readonly TrialRow[], isChosen: boolean): void {
    const chosen = new Set(this.chosen);
    for (const { trial } of rows) {
      if (isChosen) chosen.add(trial.id);
      else chosen.delete(trial.id);
    }
    this.chosen = chosen;
    this.showComparing();
    this.options.onChosen([...chosen]);
  }

  private fixedColumns(metric: string): NamedColumn[] {
    return [
      {
        title: "Star",
        className: "star",
        sortKey: "starred",
        cell: ({ trial }) => [
          h(
            "button",
            {
              type: "button",
              class: "star-button",
              tabindex: -1,
              "aria-pressed": String(trial.starred),
              "aria-label": `Star trial ${trial.number}`,
              on: {
                click: (event) => {
                  event.stopPropagation();
                  this.options.onStar(trial.id, !trial.starred);
                },
              },
            },
            icon(trial.starred ? "star-full" : "star-empty"),
          ),
        ],
        dependsOn: ({ trial }) => String(trial.starred),
      },
      {
        title: "Trial",
        numeric: true,
        className: "trial-number",
        sortKey: "number",
        text: ({ trial }) => String(trial.number),
      },
      {
        title: "Name",
        className: "trial-name",
        sortKey: "name",
        text: ({ trial }) => trial.name ?? "",
        hint: ({ trial }) => trial.name ?? "",
      },
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
        text: ({ trial }) =>
          trial.best === null ? (trial.nan === null ? "" : "NaN") : formatValue(trial.best.value),
        hint: ({ trial }) =>
          trial.best !== null
            ? `at step ${formatInteger(trial.best.step)}`
            : trial.nan !== null
              ? `${trial.nan.metric} was not a number at step ${formatInteger(trial.nan.step)}`
              : "",
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
    const { contents } = this;
    if (contents === null) return;
    const now = contents.sort ?? sortAtFirst(contents.metric);
    this.options.onSort({ column, ascending: now.column === column ? !now.ascending : true });
  }
}

/** The best first. */
function sortAtFirst(metric: MetricChoice | null): Sort {
  return { column: "best", ascending: metric?.smallerIsBetter !== false };
}

function parameterColumnOf(name: string): NamedColumn {
  return {
    title: name,
    className: "parameter numeric",
    sortKey: parameterColumn(name),
    text: ({ parameters }) => parameterText(parameters.get(name)),
    hint: ({ parameters }) => parameterText(parameters.get(name)),
  };
}
