/** Which Python runs a workspace's scripts: found, chosen, built. */
import type { Context } from "../experiments/context.ts";
import { resolveInterpreter } from "../environments/interpreters.ts";
import { CallError } from "../callError.ts";
import type { ENVIRONMENT_METHODS } from "../../protocol/environments.ts";
import type { Handlers } from "../ports.ts";

export function createEnvironmentHandlers(
  context: Context,
): Pick<Handlers, keyof typeof ENVIRONMENT_METHODS> {
  const notYet = (): never => {
    throw new CallError("unavailable", "This pool builds no environments yet.", "Choose an interpreter.");
  };
  return {
    async "environment/prepare"({ named, workspace }) {
      const explicit =
        named === null ? null : "python" in named ? named.python : (Object.values(named)[0] ?? null);
      const found = await resolveInterpreter(context.store, { explicit, workspace });
      return { interpreter: { ...found, torch: null, cuda: null }, missing: [], sources: [] };
    },
    "interpreter/list": () => ({ interpreters: [] }),
    "interpreter/choose": notYet,
    "environment/build": notYet,
    "environment/read": notYet,
    "environment/cancel": () => ({}),
    "pool/settings": () => ({ setupLines: "", wheelFolder: null }),
    "pool/setSettings": notYet,
  };
}
