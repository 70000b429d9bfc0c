/** Which Python runs a workspace's scripts: what the calls mean is decided in environments/. */
import type { ENVIRONMENT_METHODS } from "../../protocol/environments.ts";
import type { Environments } from "../environments/environments.ts";
import type { Handlers } from "../ports.ts";

export function createEnvironmentHandlers(
  environments: Environments,
): Pick<Handlers, keyof typeof ENVIRONMENT_METHODS> {
  return {
    "environment/prepare": (request) => environments.prepare(request),
    "interpreter/list": (request) => environments.list(request),
    "interpreter/choose": (request) => environments.choose(request),
    "environment/build": (request) => environments.build(request),
    "environment/read": (request) => environments.read(request),
    async "environment/cancel"(request) {
      await environments.cancel(request);
      return {};
    },
    "pool/settings": () => environments.settings(),
    "pool/setSettings": (request) => environments.setSettings(request),
  };
}
