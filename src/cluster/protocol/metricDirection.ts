/** What the name of a metric says about which way is better. Pure. */

const SMALLER = /(^|[^a-z])(loss|error|err|perplexity|ppl|mae|mse|rmse)([^a-z]|$)/;
const LARGER = /(^|[^a-z])(acc|accuracy|f1|auc|r2|score)([^a-z]|$)/;

/** Null where it says nothing. */
export function metricDirection(name: string): "smaller" | "larger" | null {
  const words = wordsOf(name);
  if (SMALLER.test(words)) return "smaller";
  if (LARGER.test(words)) return "larger";
  return null;
}

/** In small letters, with the words of camelCase apart. */
export function wordsOf(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}
