/** The group that a captured metric goes to, by its name: as trainyard/metric_names.py has it. */
const VALIDATION = /(?:^|[_/. -])(?:val|valid|validation|test|eval)(?:[_/. -]|$)/i;

export function groupOf(name: string): "validation" | "training" {
  return VALIDATION.test(name) ? "validation" : "training";
}
