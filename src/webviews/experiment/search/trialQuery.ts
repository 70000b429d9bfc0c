/** The filter of the table of trials: what its words are about. Pure. */
import { type Field, parseTextFilter, type TextFilter } from "../../../cluster/protocol/textFilter.ts";
import { stateLook } from "../states.ts";
import { rowText, type TrialRow } from "./trialRows.ts";

export interface QueryNames {
  /** Of the search's metric; `best` and `value` mean it too. */
  metric: string | null;
  parameters: readonly string[];
}

export function parseTrialQuery(text: string, names: QueryNames): TextFilter<TrialRow> {
  return parseTextFilter<TrialRow>(text, {
    field: (name) => fieldOf(name, names),
    known: () => [
      "number",
      "state",
      "step",
      ...(names.metric === null ? [] : [names.metric]),
      ...names.parameters,
    ],
    hasWord: (row, word) => rowText(row).toLowerCase().includes(word),
    flags: { starred: ({ trial }) => trial.starred, nan: ({ trial }) => trial.nan !== null },
  });
}

function fieldOf(name: string, { metric, parameters }: QueryNames): Field<TrialRow> | null {
  if (metric !== null && name === metric) return bestOf;
  const parameter = parameters.find((one) => one === name);
  if (parameter !== undefined) return (row) => row.parameters.get(parameter);
  switch (name.toLowerCase()) {
    case "best":
    case "value":
      return bestOf;
    case "number":
    case "trial":
      return ({ trial }) => trial.number;
    case "state":
      return ({ trial }) => `${trial.state} ${stateLook(trial.state).word}`.toLowerCase();
    case "step":
      return ({ trial }) => trial.latestStep ?? undefined;
    case "name":
      return ({ trial }) => trial.name ?? undefined;
    case "label":
      return ({ trial }) => trial.labels.join(" ");
    default: {
      // `width` for `model.width`, while no other ends like that.
      const ends = parameters.filter((one) => one.endsWith(`.${name}`));
      const [only] = ends;
      return only === undefined || ends.length > 1 ? null : (row) => row.parameters.get(only);
    }
  }
}

function bestOf({ trial }: TrialRow): number | undefined {
  return trial.best?.value;
}
