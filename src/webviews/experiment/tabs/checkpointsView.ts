/** The Checkpoints tab: newest first, the best marked, Enter restores. */
import type { Checkpoint, MetricChoice } from "../../../cluster/protocol/entities.ts";
import { button, select, type Select } from "../../ui/controls.ts";
import { h, icon, setText, type Child } from "../../ui/dom.ts";
import { Table } from "../../ui/table.ts";
import {
  chooseCheckpoint,
  metricNames,
  metricValue,
  newestFirst,
  type CheckpointChoice,
} from "../checkpointRanking.ts";
import { formatAge, formatBytes, formatDistinct, formatInteger, formatTime } from "../format.ts";
import type { PageData, Slice } from "../store.ts";
import type { PageContext, View } from "../view.ts";

interface Row {
  checkpoint: Checkpoint;
  value: string;
  /** What it is chosen for, of all that are listed. */
  mark: CheckpointChoice["why"] | null;
}
const ORIGINS: Record<MetricChoice["origin"], string> = {
  configuration: "from the configuration",
  only_validation: "the only validation metric",
  guess: "guessed from its name",
  person: "chosen by you",
};

export class CheckpointsView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly table: Table<Row>;
  private readonly metricSelect: Select<string>;
  private readonly directionSelect: Select<"lower" | "higher">;
  private readonly origin = h("span", { class: "quiet" });
  private data: PageData | null = null;

  constructor(context: PageContext) {
    this.context = context;
    const choose = () => this.chooseMetric();
    this.metricSelect = select({
      label: "best by",
      visibleLabel: true,
      options: [],
      value: "",
      onChange: choose,
    });
    this.directionSelect = select<"lower" | "higher">({
      label: "Direction",
      options: [
        { value: "lower", label: "lower is better" },
        { value: "higher", label: "higher is better" },
      ],
      value: "lower",
      onChange: choose,
    });
    this.table = new Table<Row>({
      label: "Checkpoints, Enter restores",
      key: (row) => row.checkpoint.uuid,
      onOpen: (row) => this.restore(row.checkpoint),
      rowClass: (row) => (row.mark === "best" ? "is-best" : ""),
      columns: [
        { title: "Step", numeric: true, text: (row) => formatInteger(row.checkpoint.step) },
        { title: "Metric", numeric: true, text: (row) => row.value },
        { title: "", className: "mark", cell: (row) => markOf(row), dependsOn: (row) => row.mark ?? "" },
        { title: "Trial", className: "trial", text: (row) => row.checkpoint.trialId },
        { title: "Size", numeric: true, text: (row) => formatBytes(row.checkpoint.bytes) },
        {
          title: "Age",
          text: (row) => formatAge(row.checkpoint.createdAt, this.context.now()),
          hint: (row) => formatTime(row.checkpoint.createdAt),
        },
        {
          title: "",
          className: "row-actions",
          cell: (row) => this.actions(row.checkpoint),
          dependsOn: (row) => String(row.checkpoint.pinned),
        },
      ],
    });
    this.element = h(
      "div",
      { class: "view" },
      h("div", { class: "toolbar" }, this.metricSelect.element, this.directionSelect.element, this.origin),
      this.table.element,
    );
  }

  update(data: PageData, changed: ReadonlySet<Slice>): void {
    this.data = data;
    if (!["all", "checkpoints", "experiment", "trials"].some((slice) => changed.has(slice as Slice))) return;
    const { trialId } = this.context.settings.get();
    const checkpoints = [...data.checkpoints.values()].filter(
      (checkpoint) => trialId === null || checkpoint.trialId === trialId,
    );
    const { metric } = data.experiment;
    const chosen = chooseCheckpoint(checkpoints, metric);
    const ordered = newestFirst(checkpoints);
    const values = formatDistinct(ordered.map((checkpoint) => metricValue(checkpoint, metric) ?? NaN));
    this.table.set(
      ordered.map((checkpoint, index) => ({
        checkpoint,
        value: metricValue(checkpoint, metric) === null ? "" : (values[index] ?? ""),
        mark: checkpoint === chosen?.checkpoint ? chosen.why : null,
      })),
    );
    this.element.classList.toggle("has-one-trial", data.trials.size < 2);
    this.showMetric(checkpoints, metric);
  }

  tick(): void {
    this.table.refresh();
  }

  private showMetric(checkpoints: readonly Checkpoint[], metric: MetricChoice | null): void {
    const chosen = metric === null ? "" : `${metric.group}/${metric.name}`;
    const names = new Set([...(chosen === "" ? [] : [chosen]), ...metricNames(checkpoints)]);
    const latest = metric === null ? [{ value: "", label: "the latest" }] : [];
    this.metricSelect.setOptions([...latest, ...[...names].map((name) => ({ value: name, label: name }))]);
    this.metricSelect.set(chosen);
    this.directionSelect.set(metric?.smallerIsBetter === false ? "higher" : "lower");
    this.directionSelect.element.hidden = metric === null;
    setText(this.origin, metric === null ? "" : ORIGINS[metric.origin]);
  }

  private chooseMetric(): void {
    const input = this.metricSelect.element.querySelector("select");
    const name = input?.value ?? "";
    const slash = name.indexOf("/");
    if (slash < 0 || this.data === null) return;
    const direction = this.directionSelect.element as HTMLSelectElement;
    this.context.bridge.act({
      action: "setMetric",
      group: name.slice(0, slash),
      name: name.slice(slash + 1),
      smallerIsBetter: direction.value === "lower",
    });
  }

  private actions(checkpoint: Checkpoint): HTMLElement[] {
    return [
      button({
        label: checkpoint.pinned ? "Unpin" : "Pin: keep when old checkpoints are deleted",
        icon: checkpoint.pinned ? "pinned" : "pin",
        appearance: "icon",
        onPress: () =>
          this.context.bridge.act({ action: "pin", uuid: checkpoint.uuid, pinned: !checkpoint.pinned }),
      }),
      button({
        label: `Browse the files of step ${formatInteger(checkpoint.step)}`,
        icon: "folder-opened",
        appearance: "icon",
        onPress: () => this.context.bridge.act({ action: "browse", uuid: checkpoint.uuid }),
      }),
      button({
        label: `Restore step ${formatInteger(checkpoint.step)}`,
        icon: "cloud-download",
        appearance: "icon",
        onPress: () => this.restore(checkpoint),
      }),
    ];
  }

  private restore(checkpoint: Checkpoint): void {
    this.context.bridge.act({ action: "restore", uuid: checkpoint.uuid });
  }
}

function markOf({ mark }: Row): Child[] {
  return mark === "best" ? [icon("star-full"), " best"] : [mark];
}
