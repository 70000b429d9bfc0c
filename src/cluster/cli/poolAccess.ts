/** How a command reaches a pool; whatever is in the way ends it with exit code 3. */
import path from "node:path";
import { backUpPool, checkPool } from "../client/pools/maintain.ts";
import { openPool, type OpenPoolOptions } from "../client/pools/openPool.ts";
import { openPlace } from "../client/pools/purgePlace.ts";
import type { PoolEntry } from "../client/pools/poolList.ts";
import { purgeAt } from "../client/pools/purgePool.ts";
import type { SecretMemory } from "../client/ssh/authenticator.ts";
import { defaultStateFolder } from "../client/stateFolder.ts";
import { messageOf, UserError } from "../client/userError.ts";
import { type Context, type PoolAccess, UnreachableError } from "./command.ts";
import { terminalQuestions } from "./questions.ts";
import { stepLine } from "./stepLine.ts";

export interface Program {
  /** The folder of the bundle: the server, the host program and the Python package lie beside it. */
  dist: string;
  version: string;
}

export function poolAccess({ dist, version }: Program): PoolAccess {
  const client = { name: "trainyard command line", version };
  // A command that comes back to its pool asks for no passphrase again.
  const memory: SecretMemory = new Map();
  const optionsOf = (context: Context): OpenPoolOptions => ({
    local: {
      home: null,
      serverScript: path.join(dist, "server.js"),
      pythonFolder: path.join(dist, "python"),
      runtimePath: context.environment.TRAINYARD_NODE || null,
      environment: {},
      client,
    },
    ssh: {
      stateFolder: defaultStateFolder(),
      dist,
      client,
      questions: terminalQuestions(context),
      nodeMirror: context.environment.TRAINYARD_NODE_MIRROR || null,
      onStep: stepLine(context),
      memory,
      signal: context.signal,
    },
  });
  return {
    pythonFolder: path.join(dist, "python"),
    backUp: (pool, context, asked) => backUpPool(pool, optionsOf(context), asked),
    check: (pool, context, asked) => checkPool(pool, optionsOf(context), asked),
    connect: (pool, context) =>
      openPool(pool, optionsOf(context)).catch((error: unknown) => unreachable(pool, error)),
    purge: async (pool, context, confirm) => {
      const options = optionsOf(context);
      return purgeAt(
        await openPlace(pool, options).catch((error: unknown) => unreachable(pool, error)),
        pool,
        options,
        confirm,
      );
    },
  };
}

function unreachable(pool: PoolEntry | null, error: unknown): never {
  const remedy = error instanceof UserError ? error.remedy : null;
  const name = pool === null ? "" : ` ${pool.name}`;
  throw new UnreachableError(`The pool${name} cannot be reached: ${messageOf(error)}`, remedy, {
    cause: error,
  });
}
