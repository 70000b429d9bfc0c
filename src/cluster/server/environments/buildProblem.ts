/** Why a building failed, from the end of its log. Pure. */
import os from "node:os";
import type { Problem } from "../../protocol/environments.ts";

const LOOKED_AT_CHARACTERS = 64 * 1024;
/** How pip, uv and conda begin the line that says it. */
const TELLS = /^\s*(?:ERROR:|error:|× |╰─▶ |\w*Error:|Could not )/;
/** pip's last word is seldom the reason. */
const TELLS_NOTHING = /^\s*(?:hint|note|WARNING):|See above for output/i;
const NO_NETWORK =
  /name resolution|Name or service not known|Network is unreachable|Failed to establish a new connection|dns error|error sending request|Connection (?:refused|timed out)|ConnectTimeout|Max retries exceeded/i;
const NO_SPACE = /No space left on device|Disk quota exceeded/i;

export function problemIn(
  log: string,
  { source, ended, wheelFolder }: { source: string; ended: string; wheelFolder: string | null },
): Problem {
  const end = log.slice(-LOOKED_AT_CHARACTERS);
  const lines = end.split("\n").filter((line) => line.trim() !== "" && !TELLS_NOTHING.test(line));
  const said = lines.findLast((line) => TELLS.test(line)) ?? lines.findLast((line) => !line.startsWith("$ "));
  const reason = said?.trim().replace(/\.$/, "").slice(0, 300) ?? ended;
  return {
    message: `${source} cannot be installed on ${os.hostname()}: ${reason}.`,
    remedy: remedyOf(end, source, wheelFolder),
  };
}

function remedyOf(log: string, source: string, wheelFolder: string | null): string {
  if (NO_SPACE.test(log)) return "Make room there, then submit again.";
  if (wheelFolder !== null)
    return `Add what is missing to the wheel folder ${wheelFolder}, or correct ${source}, then submit again.`;
  if (NO_NETWORK.test(log))
    return "Where a host has no internet, give its pool a folder of wheels: trainyard pool setup NAME --wheels DIR.";
  return `Look at the log, correct ${source}, then submit again; or choose another interpreter.`;
}
