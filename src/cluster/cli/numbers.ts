/** Numbers that a person gives on the command line. */
import { UsageError } from "./command.ts";

/** @param name as it was written, such as `--trials`; @throws UsageError */
export function wholeNumber(
  name: string,
  value: string | boolean | undefined,
  least: number,
  most: number,
): number | null {
  if (value === undefined) return null;
  if (typeof value !== "string" || !/^\d{1,10}$/.test(value) || Number(value) < least || Number(value) > most)
    throw new UsageError(`\`${name} ${value}\`: a whole number from ${least} to ${most} is needed.`);
  return Number(value);
}
