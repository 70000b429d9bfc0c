/** What a search would cost, in one line above it. Pure. */
import { countText, numberText } from "../../../../cluster/client/numberWords.ts";
import { spanText, startsText } from "../../../../cluster/protocol/queueWords.ts";
import { durationOf } from "../../../../cluster/search/expectation.ts";
import type { Forecast } from "../../contract.ts";
import type { WrittenSearch } from "./searchOf.ts";

/** Less than so many times less work is no news. */
const LEAST_RATIO = 1.05;
const DAY_MS = 86_400_000;

/** `16 trials · 4.1× less than training all to the end · 2 to 3 h on gpu-box, until 17:40 at the latest` */
export function costText(search: WrittenSearch, forecast: Forecast | null, now: Date): string {
  const { preview } = search;
  const parts = [countText(preview.trials, "trial"), workText(search)];
  if (forecast !== null) parts.push(...timeParts(search, forecast, now));
  return parts.filter((part) => part !== "").join(" · ");
}

function workText({ preview: { totalUnits, fullUnits } }: WrittenSearch): string {
  if (totalUnits === null || fullUnits === null || totalUnits <= 0) return "";
  const ratio = fullUnits / totalUnits;
  return ratio < LEAST_RATIO
    ? ""
    : `${numberText(Number(ratio.toPrecision(2)))}× less than training all to the end`;
}

function timeParts(search: WrittenSearch, forecast: Forecast, now: Date): string[] {
  const { startsIn, reason, poolName } = forecast;
  const { lasts } = durationOf(search, forecast);
  const waits = startsIn !== null && startsIn.toMs >= 60_000 ? `starts ${startsText(startsIn)}` : "";
  if (startsIn === null) return [`would not start now on ${poolName}`, reason.replace(/\.$/, "")];
  if (lasts === null) return [waits];
  const end = new Date(now.getTime() + startsIn.toMs + lasts.toMs);
  return [waits, `${spanText(lasts)} on ${poolName}, until ${endText(end, now)} at the latest`];
}

/** `17:40`, `Tue 17:40`, `3 Dec`: as precise as one can be that far ahead. Local time. */
export function endText(end: Date, now: Date): string {
  const clock = `${twoDigits(end.getHours())}:${twoDigits(end.getMinutes())}`;
  const ahead = end.getTime() - now.getTime();
  if (end.toDateString() === now.toDateString()) return clock;
  const part = (options: Intl.DateTimeFormatOptions): string => end.toLocaleDateString("en-GB", options);
  if (ahead < 6 * DAY_MS) return `${part({ weekday: "short" })} ${clock}`;
  const isFar = ahead > 300 * DAY_MS;
  return part({ day: "numeric", month: "short", ...(isFar ? { year: "numeric" } : {}) });
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
