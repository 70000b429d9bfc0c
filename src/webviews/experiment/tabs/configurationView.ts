/** The Configuration tab: hyperparameters with their origin, what was executed, and the file as it was written. */
import { button } from "../../ui/controls.ts";
import { h, replaceChildren, replaceIfDifferent } from "../../ui/dom.ts";
import { parameterRows } from "../parameters.ts";
import { shownTrial, type PageData, type Slice } from "../store.ts";
import type { PageContext, View } from "../view.ts";
import { facts, section } from "./parts.ts";

export class ConfigurationView implements View {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly body = h("div", { class: "view-body" });
  private readonly parameters = h("div");
  private readonly execution = h("div");
  private readonly file = h("div");

  constructor(context: PageContext) {
    this.context = context;
    this.element = h("div", { class: "view" }, this.body);
    this.body.append(this.parameters, this.execution, this.file);
  }

  update(data: PageData, changed: ReadonlySet<Slice>): void {
    if (changed.has("all") || changed.has("trials") || changed.has("experiment")) {
      replaceIfDifferent(this.parameters, this.parameterSection(data));
      replaceIfDifferent(this.execution, this.executionSection(data));
    }
    const ranHere = data.experiment.imported === undefined;
    if (changed.has("all")) replaceChildren(this.file, ranHere && this.fileSection(data));
  }

  private parameterSection(data: PageData): HTMLElement {
    const trial = shownTrial(data, this.context.settings.get().trialId);
    const rows = trial === null ? [] : parameterRows(trial);
    if (rows.length === 0) {
      return section(
        "Hyperparameters",
        h(
          "p",
          { class: "quiet" },
          data.experiment.imported === undefined
            ? 'None so far: what the script reads with trainyard.param("lr", 1e-3) is listed here.'
            : "Its files name none.",
        ),
      );
    }
    const head = ["Name", "Value", "From"].map((title) => h("th", { scope: "col" }, title));
    return section(
      "Hyperparameters",
      h(
        "table",
        { class: "table", "aria-label": "Hyperparameters" },
        h("thead", null, h("tr", null, ...head)),
        h(
          "tbody",
          null,
          ...rows.map((row) =>
            h(
              "tr",
              null,
              h("td", null, h("code", null, row.name)),
              h("td", null, h("code", null, row.value)),
              h("td", { class: "quiet" }, row.origin),
            ),
          ),
        ),
      ),
    );
  }

  private executionSection(data: PageData): HTMLElement {
    const { experiment } = data;
    const { imported } = experiment;
    if (imported !== undefined)
      return section(
        "Imported",
        facts([
          ["From", imported.from],
          ["Path", h("code", null, imported.source)],
        ]),
      );
    const trial = shownTrial(data, this.context.settings.get().trialId);
    return section(
      "Execution",
      facts([
        ["Command", h("code", null, experiment.commandLine.join(" "))],
        ["Searcher", experiment.searcher],
        ["Slots per trial", String(experiment.slotsPerTrial)],
        ["Seed", trial === null ? "" : h("code", null, String(trial.seed))],
        ["Slots", trial === null || trial.slots.length === 0 ? "none held" : trial.slots.join(", ")],
      ]),
    );
  }

  private fileSection(data: PageData): HTMLElement {
    const { configuration } = data;
    if (configuration === null) {
      return section(
        "Configuration file",
        h("p", { class: "quiet" }, "There was none: the script simply ran, as a single trial."),
      );
    }
    const copy = button({
      label: "Copy the configuration",
      icon: "copy",
      appearance: "icon",
      onPress: () => this.context.bridge.act({ action: "copy", text: configuration.text.slice(0, 100_000) }),
    });
    return section(
      "Configuration file",
      h("p", { class: "with-action" }, h("code", null, configuration.path), copy),
      h("pre", { class: "source", tabindex: 0, "aria-label": configuration.path }, configuration.text),
    );
  }
}
